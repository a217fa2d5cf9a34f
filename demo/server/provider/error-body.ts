/** The body a provider sends with a status, in OpenAI's form. */
export function errorBody(status: number): unknown {
  const [message, type, code] = ERRORS[status] ?? [
    status < 500 ? 'The request was refused.' : 'The server had an error while processing your request.',
    status < 500 ? 'invalid_request_error' : 'server_error',
    null,
  ]
  return { error: { message, type, param: null, code } }
}

const ERRORS: Record<number, [message: string, type: string, code: string | null]> = {
  400: ['The request is not valid.', 'invalid_request_error', 'invalid_request'],
  401: ['Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key'],
  402: ['Insufficient credits.', 'insufficient_credits', 'insufficient_credits'],
  403: ['You are not allowed to use this model.', 'invalid_request_error', 'permission_denied'],
  404: [
    'The model does not exist or you do not have access to it.',
    'invalid_request_error',
    'model_not_found',
  ],
  408: ['The request took too long to arrive.', 'invalid_request_error', 'request_timeout'],
  409: ['Another request with this key is in progress.', 'invalid_request_error', 'conflict'],
  413: ['The request is too large.', 'invalid_request_error', 'request_too_large'],
  422: ['The request cannot be processed.', 'invalid_request_error', 'unprocessable_entity'],
  429: ['Rate limit reached for requests.', 'requests', 'rate_limit_exceeded'],
  500: ['The server had an error while processing your request.', 'server_error', 'internal_error'],
  502: ['The model behind this server gave no valid answer.', 'server_error', 'bad_gateway'],
  503: ['The server is currently overloaded.', 'server_error', 'server_is_overloaded'],
  504: ['The model behind this server did not answer in time.', 'server_error', 'gateway_timeout'],
  529: ['Overloaded', 'overloaded_error', 'overloaded'],
}
