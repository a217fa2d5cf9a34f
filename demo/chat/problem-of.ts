import type { FailureCode } from '../../client/index.ts'
import type { Delta } from './chunk.ts'
import { isProblemCode, type Problem } from './problem.ts'

/** Everything that is known about how an answer ended. */
export interface Ending {
  failed: { code: FailureCode; httpStatus?: number; retryAt?: number } | null
  /** The error that the stream threw. */
  thrown: unknown
  finish: Delta['finish']
  /** True if the worker saw all of it. */
  complete: boolean
  /** True if any of it reached the reader. */
  begun: boolean
}

/** The problem of a response; `null` if it is complete. A response without a proper end is never complete. */
export function problemOf({ failed, thrown, finish, complete, begun }: Ending): Problem | null {
  const problem = failed ?? (thrown === undefined ? null : readError(thrown))
  if (problem) {
    if (begun && problem.code === 'network_error') return { code: 'truncated' }
    return withSignIn(problem)
  }
  if (finish === 'length') return { code: 'length_limit' }
  if (finish === 'content_filter') return { code: 'refused_content' }
  return finish || complete ? null : { code: 'truncated' }
}

function withSignIn({ code, httpStatus, retryAt }: Problem): Problem {
  return {
    code: httpStatus === 401 ? 'sign_in' : code,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(retryAt === undefined ? {} : { retryAt }),
  }
}

function readError(error: unknown): Problem {
  const { code, httpStatus, retryAt } = (typeof error === 'object' && error !== null ? error : {}) as Record<
    string,
    unknown
  >
  return {
    code: isProblemCode(code) ? code : httpStatus ? 'upstream_error' : 'network_error',
    ...(typeof httpStatus === 'number' ? { httpStatus } : {}),
    ...(typeof retryAt === 'number' ? { retryAt } : {}),
  }
}
