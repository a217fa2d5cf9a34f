import type { Journal } from '../responses/journal.ts'

/** A journal that keeps nothing. */
export const NO_JOURNAL: Journal = {
  open: () => ({ append: () => {}, touch: () => {}, remove: () => {} }),
  clear: () => Promise.resolve(),
  flush: () => Promise.resolve(),
  load: () => Promise.resolve([]),
  read: () => Promise.resolve([]),
}
