import type { FailureCode } from '../client/index.ts'

/** What went wrong with an answer, as far as the page knows. */
export interface Problem {
  code: FailureCode | 'length_limit' | 'refused_content' | 'sign_in'
  httpStatus?: number
  /** When the service would take the request again, epoch ms. */
  retryAt?: number
}

/** A problem in plain words: what happened, and what a person can do about it. */
export function tellProblem({ code, httpStatus }: Problem): { title: string; advice: string } {
  if (code !== 'upstream_error' || httpStatus === undefined) return WORDS[code]
  return {
    title: `The service refused (error ${httpStatus})`,
    advice:
      httpStatus < 500
        ? 'Something about this request is not accepted. Check model and key.'
        : 'This is not your fault. Trying again often helps.',
  }
}

export function isProblemCode(code: unknown): code is Problem['code'] {
  return typeof code === 'string' && Object.hasOwn(WORDS, code)
}

const CUT = 'The answer was cut off'
const LATE = {
  title: 'No answer in time',
  advice: 'The service took the question but did not begin to answer.',
}
const SILENT = { title: CUT, advice: 'It stopped in the middle and did not go on.' }
const UNKEPT = { title: 'The answer could not be kept', advice: 'The browser refused to store it.' }

const WORDS: Record<Problem['code'], { title: string; advice: string }> = {
  headers_timeout: LATE,
  first_output_timeout: LATE,
  total_timeout: LATE,
  transport_idle: SILENT,
  output_idle: SILENT,
  rate_limited: {
    title: 'Too many requests',
    advice: 'The service asked for a longer break than we wait on our own.',
  },
  quota_exhausted: {
    title: 'The quota of this key is used up',
    advice: 'Waiting will not help. Add credit, or use another key in the settings.',
  },
  overloaded: { title: 'The service is overloaded', advice: 'We tried several times. Give it a minute.' },
  upstream_error: { title: 'The service had a problem', advice: 'Trying again often helps.' },
  network_error: {
    title: 'No connection',
    advice: 'The service could not be reached. Check your network.',
  },
  truncated: { title: CUT, advice: 'The connection was lost before the end.' },
  error_in_stream: { title: CUT, advice: 'The service reported an error before the end.' },
  retry_budget_exhausted: {
    title: 'The service keeps failing',
    advice: 'We stopped trying, to give it room to recover.',
  },
  worker_lost: { title: 'The answer was lost', advice: 'The browser stopped the background helper.' },
  storage_unavailable: UNKEPT,
  unsure: UNKEPT,
  length_limit: { title: 'The answer reached its length limit', advice: 'It ends here in mid-thought.' },
  refused_content: {
    title: 'The service withheld the rest',
    advice: 'Its content filter ended this answer.',
  },
  sign_in: { title: 'The key was not accepted', advice: 'Check the key in the settings.' },
}

/** What keeps a saved message from being delivered, in plain words. */
export function tellUndelivered(code: FailureCode | undefined): string {
  if (code === 'unsure') return 'We cannot know whether it arrived'
  if (code === 'storage_unavailable') return 'The browser could not keep it'
  return 'The server does not accept it'
}
