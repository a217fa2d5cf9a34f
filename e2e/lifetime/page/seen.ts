import type { RequestStatus } from '../../../client/index.ts'

/** What became of a row's answer, as its page saw it. */
export interface Seen {
  /** The body, or as much of it as came. */
  text: string
  /** Whether it ended cleanly, as far as fetch knows. */
  isEnded: boolean
  /** What it failed with, if it did. */
  error?: string
  /** From the page's first moment to the body's end, ms. */
  durationMs: number
  /** An event's arrival less its departure, the longest of those that left while the page was reading, ms. */
  maxLagMs: number
  /** The status that told the end. */
  end?: RequestStatus['status']
  /** When the page was hidden, from its first moment; none: never. ms. */
  hiddenAtMs?: number
  /** Whether it was seen again before the answer's end. */
  wasShownAgain: boolean
  /** The longest time between two ticks of a timer of 1 s: what the browser leaves a page's timers. */
  slowestTickMs: number
}
