import { signal } from '@preact/signals'

/** The next text for a screen reader; polite, and never a token at a time. */
export const announcement = signal('')

/** Says something to screen readers. The same words twice in a row are said twice. */
export function announce(words: string): void {
  // A live region speaks only on change: a no-break space at the end makes equal words differ.
  announcement.value = announcement.peek() === words ? `${words}\u00A0` : words
}
