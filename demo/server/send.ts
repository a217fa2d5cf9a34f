import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** Answers with JSON. */
export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  sendText(res, status, JSON.stringify(body), { 'Content-Type': 'application/json', ...headers })
}

/** Answers with an error in the form that OpenAI's SDKs show. */
export function sendError(
  res: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: OutgoingHttpHeaders = {},
): void {
  const type = status < 500 ? 'invalid_request_error' : 'server_error'
  sendJson(res, status, { error: { message, type, param: null, code } }, headers)
}

/** Answers with text; never stored by a cache. */
export function sendText(
  res: ServerResponse,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders = {},
): void {
  const bytes = Buffer.from(text)
  const length = status === 204 || status === 304 ? {} : { 'Content-Length': bytes.length }
  res.writeHead(status, { 'Cache-Control': 'no-store', ...length, ...headers })
  res.end(bytes)
}
