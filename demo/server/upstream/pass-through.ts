import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import type { Connections } from '../connections.ts'
import type { Exchange } from '../exchange.ts'
import { isRecord } from '../is-record.ts'
import { sendError } from '../send.ts'
import { endToEndHeaders } from './end-to-end-headers.ts'
import type { UpstreamAttempt } from './upstream-log.ts'

/** Sends a request on to a real upstream and streams its answer back. */
export type PassThrough = ((exchange: Exchange, body: Buffer, attempt: UpstreamAttempt) => Promise<void>) & {
  origin: string
  /** Closes the connections kept for later. */
  close: () => void
}

export interface PassThroughOptions {
  /** The URL that replaces `/v1`, e.g. `https://api.openai.com/v1`. */
  upstreamUrl: string
  /** Until the upstream's headers: longer than the keeper's own patience, which is to decide. Default: 620 000. */
  headersMs?: number
  connections: Connections
}

export function createPassThrough(options: PassThroughOptions): PassThrough {
  const { headersMs = 620_000, connections } = options
  const base = URL.parse(options.upstreamUrl)
  if (!base || !/^https?:$/.test(base.protocol)) {
    throw new TypeError(`upstreamUrl is ${options.upstreamUrl}, expected an http or https URL`)
  }
  const secure = base.protocol === 'https:'
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })

  const passThrough = async ({ req, res, url, over }: Exchange, body: Buffer, attempt: UpstreamAttempt) => {
    const bytes = withoutFault(body)
    const target = new URL(base)
    target.pathname = `${base.pathname.replace(/\/$/, '')}${url.pathname.slice('/v1'.length)}`
    url.searchParams.delete('fault_id')
    target.search = url.search

    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), headersMs)
    let answer: IncomingMessage
    try {
      answer = await new Promise((resolve, reject) => {
        const outgoing = (secure ? httpsRequest : httpRequest)(target, {
          agent,
          method: req.method,
          headers: requestHeaders(req.headers, bytes),
          signal: AbortSignal.any([over, late.signal]),
        })
        outgoing.once('response', resolve)
        outgoing.once('error', reject)
        outgoing.end(bytes)
      })
    } catch (error) {
      if (over.aborted) return
      if (late.signal.aborted) {
        return sendError(res, 504, 'upstream_timeout', `${target.origin} sent no headers for ${headersMs} ms`)
      }
      const { code } = error as NodeJS.ErrnoException
      return sendError(res, 502, 'upstream_unreachable', `Cannot reach ${target.origin}: ${code ?? 'failed'}`)
    } finally {
      clearTimeout(timer)
    }

    res.writeHead(answer.statusCode ?? 502, responseHeaders(answer.headers))
    res.flushHeaders()
    answer.on('data', (chunk: Buffer) => void (attempt.sentBytes += chunk.length))
    try {
      await pipeline(answer, res)
    } catch {
      // One side has gone. `pipeline` destroyed the other, so that a cut answer is not seen as a whole one.
      if (!over.aborted) connections.endedByUs(req.socket)
    }
  }
  return Object.assign(passThrough, { origin: base.origin, close: () => agent.destroy() })
}

/** The demo's own field is not for others; bodies without it pass byte by byte. */
function withoutFault(body: Buffer): Buffer {
  if (!body.includes('"fault"')) return body
  try {
    const json: unknown = JSON.parse(body.toString())
    if (!isRecord(json) || !('fault' in json)) return body
    const { fault: _, ...rest } = json
    return Buffer.from(JSON.stringify(rest))
  } catch {
    return body // Not JSON, so it has no such field; the upstream will say what it thinks of it.
  }
}

/** Cookies, origin and referrer are between the browser and the demo: the upstream sees a plain API client. */
function requestHeaders(headers: IncomingHttpHeaders, body: Buffer): IncomingHttpHeaders {
  const sent: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries(endToEndHeaders(headers))) {
    if (!/^(?:host|content-length|expect|cookie|origin|referer|sec-.*|access-control-.*)$/.test(name))
      sent[name] = value
  }
  if (body.length > 0) sent['content-length'] = String(body.length)
  return sent
}

/** The upstream's cookies are not for our origin, and who may read the answer is said by us. */
function responseHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { 'set-cookie': _, ...passed } = endToEndHeaders(headers)
  for (const name of Object.keys(passed)) {
    if (name.startsWith('access-control-') && name !== 'access-control-expose-headers') delete passed[name]
  }
  return passed
}
