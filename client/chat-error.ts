import type { Failure, FailureCode } from '../core/messages/failure.ts'

/** The error that `streamChat` throws. */
export class ChatError extends Error implements Failure {
  override readonly name = 'ChatError'
  readonly code: FailureCode
  /** The status of the HTTP response, if there was one. */
  readonly httpStatus?: number
  /** When the upstream will accept the request again, epoch ms. */
  readonly retryAt?: number

  constructor(
    code: FailureCode,
    message: string,
    {
      httpStatus,
      retryAt,
      cause,
    }: { httpStatus?: number | undefined; retryAt?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    if (httpStatus !== undefined) this.httpStatus = httpStatus
    if (retryAt !== undefined) this.retryAt = retryAt
  }
}
