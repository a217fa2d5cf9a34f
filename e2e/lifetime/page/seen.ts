import type { RequestStatus, StreamInfo } from '../../../client/index.ts'

/** The outcome of a row's response, as its page saw it. */
export interface Seen {
  /** The body, or as much of it as came. */
  text: string
  /** True if it ended cleanly according to fetch. */
  isEnded: boolean
  /** Its error, if it failed. */
  error?: string
  /** From the page's first moment to the body's end, ms. */
  durationMs: number
  /** An event's arrival less its departure, the longest of those that left while the page was reading, ms. */
  maxLagMs: number
  /** The status that told the end. */
  end?: RequestStatus['status']
  /** Told by a page that was opened after the one that asked had closed. */
  later?: Later
  /** When the page was hidden, from its first moment; none: never. ms. */
  hiddenAtMs?: number
  /** True if the page saw it again before the response's end. */
  wasShownAgain: boolean
  /** The longest time between two ticks of a timer of 1 s: what the browser leaves a page's timers. */
  slowestTickMs: number
}

/** An answer whose page had closed, as the keeper knew it. */
export interface Later {
  /** How long its list took, ms. */
  listedMs: number
  /** As it was listed once it had been read; none: it was not listed at all. */
  verdict?: StreamInfo['verdict']
}
