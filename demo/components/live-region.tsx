import { announcement } from '../page/announce.ts'

/** Where screen readers listen. It is there from the start, for a region that comes with its words is not heard. */
export function LiveRegion() {
  return (
    <div class="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
      {announcement}
    </div>
  )
}
