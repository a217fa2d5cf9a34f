import type { Failure } from '../client/index.ts'
import { type DescribeOptions, type FailureWords, wordsWith } from './words.ts'

/** Why there is no complete answer, for a person: of a `request_failed`, a `ChatError` or anything with its code. */
export function describeFailure(
  { code, httpStatus }: Pick<Failure, 'code' | 'httpStatus'>,
  options: Pick<DescribeOptions, 'words'> = {},
): FailureWords {
  const words = wordsWith(options.words)
  if (code !== 'upstream_error' || httpStatus === undefined) return words.failures[code]
  return httpStatus === 401 ? words.unauthorized : words.refused(httpStatus)
}
