/**
 * Removes headers that belong to one connection and not to the message: a route handler that copies the headers of
 * its own request, or passes our Response on, means none of them for the next connection.
 *
 * In Node all but `te` and `proxy-*` break a request: undici throws on `keep-alive`, `transfer-encoding`,
 * `upgrade`, `expect` and a stale `content-length`, and `connection: close`, which nginx sends by default, ends
 * the connection to the upstream. Browsers drop them all.
 *
 * Headers that `connection` lists are not removed: a stranger could use that to remove the handler's own
 * `authorization`.
 *
 * // [spec] https://fetch.spec.whatwg.org/#forbidden-request-header
 * // [spec] https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
 */
export function dropConnectionHeaders(headers: Headers): void {
  for (const name of CONNECTION_HEADERS) headers.delete(name)
}

const CONNECTION_HEADERS = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]
