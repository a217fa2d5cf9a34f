import type { FailureCode } from '../client/index.ts'

/** A failure for a person: its cause, and what they can do about it. Both are sentences; a title has no full stop. */
export interface FailureWords {
  title: string
  advice: string
}

/**
 * All texts of this module. An app with another language or tone provides its own texts for some or all of them;
 * `satisfies Words` makes the compiler check that none is missing.
 */
export interface Words {
  /** Formats a duration in ms for a person. It is called with the rest of a wait, and with the time that has passed. */
  duration: (ms: number) => string

  // A request before its first output. `waited`: a formatted duration, after the first two seconds.
  waiting: (waited: string | undefined) => string
  thinking: (waited: string | undefined) => string

  /**
   * A retry. `reason` is one of the six texts below; `wait` is a formatted duration, `undefined` when the wait is over.
   */
  retry: (retry: { reason: string; wait: string | undefined; attempt: number }) => string
  rateLimited: string
  overloaded: string
  networkError: string
  workerLost: string
  timeout: string
  serverError: string
  /** The request is held back because another request or tab has met the same limit. */
  heldBack: (wait: string | undefined) => string
  offline: string

  // A response.
  answering: string
  stalled: (quiet: string) => string
  /** The response's connection broke, and the rest is requested from the server. */
  resuming: string
  /** For screen readers only: others see the end of a response. */
  complete: string
  stopped: string
  /** `wait`: until the service accepts the request again, if that is known. */
  failed: (failure: FailureWords, wait: string | undefined) => string

  /** By code, if nothing more is known. */
  failures: Record<FailureCode, FailureWords>
  /** `upstream_error` with status 401. */
  unauthorized: FailureWords
  /** `upstream_error` with another status. */
  refused: (httpStatus: number) => FailureWords

  // Saved messages.
  deadLetter: (reason: string) => string
  needsAuth: string
  storageDegraded: string
  outboxRestored: string
  /** `emptyOutbox`: there are no messages. `noOutbox`: there can be none, because the page has no worker. */
  emptyOutbox: string
  noOutbox: string

  // One message in the outbox: where it stands, and how often it has been tried.
  entry: (state: string, attempts: number) => string
  queued: string
  sending: string
  nextAttempt: (wait: string | undefined) => string
  entryNeedsAuth: string
  /** Why it was given up: by code, and for any other. */
  unsure: string
  notStored: string
  rejected: string
}

const CUT_OFF = 'The answer was cut off'
const LATE = { title: 'No answer in time', advice: 'The service did not begin to answer.' }
const SILENT = { title: CUT_OFF, advice: 'It stopped partway and did not continue.' }

export const ENGLISH: Words = {
  duration: (ms) => {
    const seconds = Math.max(0, Math.ceil(ms / 1000))
    if (seconds < 90) return `${seconds} s`
    const minutes = Math.floor(seconds / 60)
    if (minutes < 90) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`
    const hours = Math.floor(minutes / 60)
    return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  },

  waiting: (waited) => withDetail('Waiting for the first word', waited),
  thinking: (waited) => withDetail('Thinking', waited),
  retry: ({ reason, wait, attempt }) =>
    `${reason} — ${wait ? `trying again in ${wait}` : 'trying again now'} · attempt ${attempt}`,
  rateLimited: 'Busy',
  overloaded: 'Overloaded',
  networkError: 'No connection',
  workerLost: 'Interrupted',
  timeout: 'No answer yet',
  serverError: 'The service failed',
  heldBack: (wait) => `Rate limit reached — ${wait ? `your turn in ${wait}` : 'your turn is next'}`,
  offline: 'You are offline — waiting for the network',

  answering: 'Answering',
  stalled: (quiet) => `The answer has paused · nothing for ${quiet}`,
  resuming: 'The connection broke — reading on',
  complete: 'The answer is complete',
  stopped: 'Stopped',
  failed: ({ title, advice }, wait) => `${title}. ${advice}${wait ? ` Possible again in ${wait}.` : ''}`,

  failures: {
    headers_timeout: LATE,
    first_output_timeout: LATE,
    total_timeout: LATE,
    transport_idle: SILENT,
    output_idle: SILENT,
    rate_limited: {
      title: 'Too many requests',
      advice: 'The service asks for a longer break. Try again later.',
    },
    quota_exhausted: {
      title: 'The quota of this key is used up',
      advice: 'Waiting will not help. Add credit, or use another key.',
    },
    overloaded: { title: 'The service is overloaded', advice: 'We tried several times. Give it a minute.' },
    upstream_error: { title: 'The service had a problem', advice: 'Trying again often helps.' },
    network_error: { title: 'The connection was lost', advice: 'Check your network, and try again.' },
    truncated: { title: CUT_OFF, advice: 'The rest of it never arrived.' },
    error_in_stream: { title: CUT_OFF, advice: 'The service reported an error before the end.' },
    retry_budget_exhausted: {
      title: 'The service keeps failing',
      advice: 'We stopped trying, to give it time to recover.',
    },
    worker_lost: { title: 'The answer was lost', advice: 'The browser stopped the background helper.' },
    storage_unavailable: {
      title: 'The message could not be stored',
      advice: 'The browser has no space for it, or does not allow it.',
    },
    unsure: {
      title: 'The message may not have arrived',
      advice: 'Check whether it is there before you send it again.',
    },
  },
  unauthorized: { title: 'The key was not accepted', advice: 'Check it.' },
  refused: (httpStatus) => ({
    title: `The service refused (error ${httpStatus})`,
    advice:
      httpStatus < 500
        ? 'Something about this request is not accepted.'
        : 'This is not your fault. Trying again often helps.',
  }),

  deadLetter: (reason) => `A message could not be delivered. ${reason}.`,
  needsAuth: 'A message will be sent when you have signed in.',
  storageDegraded: 'This browser cannot store unsent messages right now.',
  outboxRestored: 'Unsent messages were recovered.',
  emptyOutbox: 'Every message has been delivered.',
  noOutbox: 'Unsent messages cannot be kept: this page has no background helper.',

  entry: (state, attempts) =>
    withDetail(state, attempts > 1 ? `tried ${attempts} times` : attempts === 1 ? 'tried once' : undefined),
  queued: 'Waiting for its turn',
  sending: 'Sending now',
  nextAttempt: (wait) => (wait ? `Next try in ${wait}` : 'Next try now'),
  entryNeedsAuth: 'Sign in to send it',
  unsure: 'It may have arrived or not',
  notStored: 'The browser could not store it',
  rejected: 'The server rejected it',
}

function withDetail(words: string, detail: string | undefined): string {
  return detail ? `${words} · ${detail}` : words
}

/** Options of the describing functions. */
export interface DescribeOptions {
  /** The current time, epoch ms: remaining waits are computed from it. Default: now. */
  now?: number
  /** Texts that replace the English ones. */
  words?: PartialWords
}

/** Some of the texts, also of `failures`. */
export type PartialWords = Partial<Omit<Words, 'failures'>> & { failures?: Partial<Words['failures']> }

/** Returns the English texts, with an app's own in place of theirs. */
export function wordsWith({ failures, ...words }: PartialWords = {}): Words {
  return { ...ENGLISH, ...definedOnly(words), failures: { ...ENGLISH.failures, ...definedOnly(failures) } }
}

/** Removes undefined entries: a catalogue that lacks a text returns `undefined`, which must not be shown. */
function definedOnly<Given extends object>(provided: Given = {} as Given): Given {
  return Object.fromEntries(Object.entries(provided).filter(([, value]) => value !== undefined)) as Given
}
