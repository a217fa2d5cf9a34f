import { dismiss, notices } from '../page/notices.ts'
import { IconButton } from './icon-button.tsx'

/** Short messages above everything; screen readers hear them through the live region. */
export function Notices() {
  return (
    <div class="notices" data-testid="notices">
      {notices.value.map(({ id, words }) => (
        <div class="notice" key={id}>
          <span>{words}</span>
          <IconButton icon="close" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  )
}
