import type { IncomingMessage, ServerResponse } from 'node:http'

/** One HTTP request under way, and its response. */
export interface Exchange {
  req: IncomingMessage
  res: ServerResponse
  url: URL
  /** Aborts when the response is over, whoever ended it: nothing waits for a client that has gone. */
  over: AbortSignal
}

/** Returns nothing when the request's target is no URL. */
export function openExchange(req: IncomingMessage, res: ServerResponse): Exchange | undefined {
  const url = URL.parse(req.url ?? '/', 'http://demo.invalid')
  if (!url) return undefined
  const ending = new AbortController()
  res.once('close', () => ending.abort())
  return { req, res, url, over: ending.signal }
}
