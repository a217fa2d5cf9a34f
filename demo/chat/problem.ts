import type { FailureCode } from '../../client/index.ts'
import { describeFailure, ENGLISH, type FailureWords } from '../../ui/index.ts'

/** The problem of a response, as far as the page knows it. */
export interface Problem {
  code: FailureCode | keyof typeof OWN
  httpStatus?: number
  /** When the service would take the request again, epoch ms. */
  retryAt?: number
}

/** A problem in plain words: what happened, and what a person can do about it. */
export function tellProblem({ code, ...more }: Problem): FailureWords {
  return isOwn(code) ? OWN[code] : describeFailure({ code, ...more })
}

export function isProblemCode(code: unknown): code is Problem['code'] {
  return typeof code === 'string' && (isOwn(code) || Object.hasOwn(ENGLISH.failures, code))
}

function isOwn(code: string): code is keyof typeof OWN {
  return Object.hasOwn(OWN, code)
}

/** Problems without a failure code. */
const OWN = {
  length_limit: { title: 'The answer reached its length limit', advice: 'It ends here in mid-thought.' },
  refused_content: {
    title: 'The service withheld the rest',
    advice: 'Its content filter ended this answer.',
  },
  sign_in: { title: 'The key was not accepted', advice: 'Check the key in the settings.' },
}
