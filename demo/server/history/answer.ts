/** The response to a write; `null` is no body at all. */
export interface Answer {
  status: number
  body: unknown
}

export function refuse(status: number, code: string, message: string): Answer {
  return { status, body: { error: { message, type: 'invalid_request_error', param: null, code } } }
}
