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
  /** No response, or one that ended without output, or a web page in place of one. */
  networkError: string
  workerLost: string
  timeout: string
  serverError: string
  /** The request is held back because another request or tab has met the same limit or overload. */
  heldBack: (wait: string | undefined) => string
  offline: string

  // A response.
  answering: string
  stalled: (quiet: string) => string
  /** The response was interrupted, and the rest is requested from the server. */
  resuming: string
  /** For screen readers only: others see the end of a response. */
  complete: string
  stopped: string
  /** `wait`: until the service accepts the request again, if that is known. */
  failed: (failure: FailureWords, wait: string | undefined) => string

  /** By code, if nothing more is known. */
  failures: Record<FailureCode, FailureWords>
  /** Status 401. */
  unauthorized: FailureWords
  /** Another status. */
  refused: (httpStatus: number) => FailureWords

  // Saved messages.
  /** `reason` is one of the last four texts. */
  deadLetter: (reason: string) => string
  needsAuth: string
  /** The browser refuses to store: messages, or the response of a chat. */
  storageDegraded: string
  outboxRestored: string
  /** `emptyOutbox`: there are no messages. `noOutbox`: there can be none, because the page has no worker. */
  emptyOutbox: string
  noOutbox: string

  // One message in the outbox.
  /** `attempts` counts the tries that got an HTTP response. */
  entry: (state: string, attempts: number) => string
  queued: string
  sending: string
  nextAttempt: (wait: string | undefined) => string
  entryNeedsAuth: string
  // The reasons why it is a dead letter.
  unsure: string
  /** Its stored copy is gone, in whole or in part. */
  notStored: string
  /** The server refused it, or something else responded in its place. */
  rejected: string
  /** It never reached the server, or the server was too busy. */
  tooOld: string
}

const LOST_DATA = 'The browser lost data needed to send it'
const INCOMPLETE = 'No complete answer'
const LATE = { title: 'No answer in time', advice: 'The service did not begin to answer.' }
const SILENT = { title: 'The answer was cut off', advice: 'It stopped partway and did not continue.' }

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
  networkError: 'No response',
  workerLost: 'Interrupted',
  timeout: 'No answer yet',
  serverError: 'The service failed',
  heldBack: (wait) => `Busy — ${wait ? `your turn in ${wait}` : 'your turn is next'}`,
  offline: 'You are offline — waiting for the network',

  answering: 'Answering',
  stalled: (quiet) => `The answer has paused · nothing for ${quiet}`,
  resuming: 'Interrupted — requesting the rest',
  complete: 'The answer is complete',
  stopped: 'Stopped',
  failed: ({ title, advice }, wait) => `${title}. ${advice}${wait ? ` You can try again in ${wait}.` : ''}`,

  failures: {
    headers_timeout: LATE,
    first_output_timeout: LATE,
    total_timeout: LATE,
    transport_idle: SILENT,
    output_idle: SILENT,
    rate_limited: {
      title: 'Too many requests',
      advice: 'Wait a while, then try again.',
    },
    quota_exhausted: {
      title: 'The quota is used up',
      advice: 'Trying again now will not help. Add credit, or use another key.',
    },
    overloaded: { title: 'The service is overloaded', advice: 'Give it a minute, then try again.' },
    upstream_error: {
      title: 'No usable answer came',
      advice: 'Try again. Your network may want you to sign in first.',
    },
    network_error: { title: 'The connection failed', advice: 'Check your network, then try again.' },
    truncated: { title: INCOMPLETE, advice: 'The connection closed before the end.' },
    error_in_stream: { title: INCOMPLETE, advice: 'The service reported an error.' },
    retry_budget_exhausted: {
      title: 'This request keeps failing',
      advice: 'It was not sent again. Give it a minute.',
    },
    worker_lost: { title: 'The answer was interrupted', advice: 'The background helper stopped.' },
    storage_unavailable: { title: 'The message cannot be sent', advice: `${LOST_DATA}. Write it again.` },
    unsure: {
      title: 'The message may not have arrived',
      advice: 'Check whether it is there before you send it again.',
    },
  },
  unauthorized: { title: 'The key or sign-in was not accepted', advice: 'Check it, then try again.' },
  refused: (httpStatus) =>
    httpStatus < 500
      ? {
          title: `The service refused the request (error ${httpStatus})`,
          advice: 'Something about it seems to be wrong.',
        }
      : {
          title: `The service failed (error ${httpStatus})`,
          advice: 'This is not your fault. Trying again often helps.',
        },

  deadLetter: (reason) => `A message needs your attention. ${reason}.`,
  needsAuth: 'A message will be sent once you have signed in.',
  storageDegraded: 'This browser cannot store data right now.',
  outboxRestored: 'Unsent messages were recovered.',
  emptyOutbox: 'There are no unsent messages.',
  noOutbox: 'Unsent messages cannot be kept: this page has no background helper.',

  entry: (state, attempts) =>
    withDetail(state, attempts > 1 ? `tried ${attempts} times` : attempts === 1 ? 'tried once' : undefined),
  queued: 'Waiting for its turn',
  sending: 'Sending now',
  nextAttempt: (wait) => (wait ? `Next try in ${wait}` : 'Next try now'),
  entryNeedsAuth: 'Sign in to send it',
  unsure: 'It may or may not have arrived',
  notStored: LOST_DATA,
  rejected: 'The server did not accept it',
  tooOld: 'It could not be delivered in time',
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
