import type { Failure } from '../client/index.ts'
import { type DescribeOptions, type FailureWords, wordsWith } from './words.ts'

/**
 * Explains to a person why there is no complete response. Takes a `request_failed`, a `ChatError` or any object with
 * its code.
 */
export function describeFailure(
  { code, httpStatus }: Pick<Failure, 'code' | 'httpStatus'>,
  options: Pick<DescribeOptions, 'words'> = {},
): FailureWords {
  const words = wordsWith(options.words)
  // An error inside a 200 has a status only if it came before any output, and 500 if it names none.
  const isRefusal =
    httpStatus !== undefined &&
    (code === 'upstream_error' || (code === 'error_in_stream' && httpStatus < 500))
  if (!isRefusal) return words.failures[code]
  return httpStatus === 401 ? words.unauthorized : words.refused(httpStatus)
}
