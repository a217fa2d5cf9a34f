import type { IncomingMessage, ServerResponse } from 'node:http'

/** Lets every page of the world read the answer: right for a provider that only invents text. */
export function allowEveryOrigin({ headers }: IncomingMessage, res: ServerResponse): void {
  res.setHeader('Access-Control-Allow-Origin', '*')
  // Like the real ones: Retry-After is not exposed, so a cross-origin page does not see it.
  res.setHeader('Access-Control-Expose-Headers', 'X-Request-Id')
  allowPreflight(headers, res)
}

/**
 * Lets pages of this machine read the answer, and refuses every other page by returning `false`: the history
 * is a person's own, and any site they visit can reach a port on their machine.
 */
export function allowLocalOrigin({ headers }: IncomingMessage, res: ServerResponse): boolean {
  const { origin, host } = headers
  res.setHeader('Vary', 'Origin')
  if (!isLocal(URL.parse(`http://${host}`))) return false
  if (!origin) return true
  if (!isLocal(URL.parse(origin))) return false
  res.setHeader('Access-Control-Allow-Origin', origin)
  res.setHeader('Access-Control-Allow-Credentials', 'true')
  allowPreflight(headers, res)
  return true
}

function allowPreflight(headers: IncomingMessage['headers'], res: ServerResponse): void {
  const asked = headers['access-control-request-headers']
  if (!headers['access-control-request-method']) return
  res.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE')
  if (asked) res.setHeader('Access-Control-Allow-Headers', asked)
}

/** Names that lead to this machine. The host is checked too: a foreign name may be made to point here. */
function isLocal(url: URL | null): boolean {
  if (!url) return false
  return ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname) || url.hostname.endsWith('.localhost')
}
