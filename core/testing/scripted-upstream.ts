import type { Clock } from '../clock.ts'

/** How the upstream answers one request; `signal` is the request's own. */
export type Scripted = (clock: Clock, signal: AbortSignal) => Promise<Response>

/** A piece of a body and when it comes, ms after the headers. */
export type TimedBytes = readonly [atMs: number, bytes: string | Uint8Array]

interface StreamSettings {
  status?: number
  headers?: HeadersInit
  /** How long the headers take, ms. */
  headersMs?: number
  /** After the last piece: a clean close, a reset, or nothing ever. */
  end?: 'close' | 'reset' | 'open'
}

/** A whole response that is there at once. */
export function responses(status: number, headers: HeadersInit = {}, body = ''): Scripted {
  return () => Promise.resolve(new Response(body, { status, headers }))
}

/** No HTTP answer, after so long. */
export function failsAfter(ms = 0): Scripted {
  return (clock, signal) =>
    inTime(clock, signal, ms, () => {
      throw new TypeError('fetch failed')
    })
}

/** A socket that stays open and says nothing. */
export function saysNothing(): Scripted {
  return (clock, signal) => inTime(clock, signal, Infinity, () => new Response())
}

/** A stream of server-sent events, piece by piece. */
export function streams(pieces: readonly TimedBytes[], settings: StreamSettings = {}): Scripted {
  const { status = 200, headersMs = 0, end = 'close' } = settings
  const headers = {
    'content-type': 'text/event-stream',
    ...Object.fromEntries(new Headers(settings.headers)),
  }
  return (clock, signal) =>
    inTime(
      clock,
      signal,
      headersMs,
      () => new Response(body(clock, signal, pieces, end), { status, headers }),
    )
}

function body(
  clock: Clock,
  signal: AbortSignal,
  pieces: readonly TimedBytes[],
  end: 'close' | 'reset' | 'open',
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      let left = pieces.length
      const finish = () => {
        if (end === 'close') controller.close()
        if (end === 'reset') controller.error(new TypeError('terminated'))
      }
      const disarm = pieces.map(([atMs, bytes]) =>
        clock.timer(atMs, () => {
          controller.enqueue(typeof bytes === 'string' ? encoder.encode(bytes) : bytes)
          left--
          if (left === 0) finish()
        }),
      )
      if (left === 0) finish()
      signal.addEventListener('abort', () => {
        for (const stop of disarm) stop()
        controller.error(signal.reason)
      })
    },
  })
}

/** Like `fetch`: settles in its time, or rejects as soon as the signal aborts. */
function inTime(clock: Clock, signal: AbortSignal, ms: number, respond: () => Response): Promise<Response> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const settle = () => {
      try {
        resolve(respond())
      } catch (error) {
        reject(error)
      }
    }
    if (ms === 0) return settle()
    const disarm = ms === Infinity ? () => {} : clock.timer(ms, settle)
    signal.addEventListener('abort', () => {
      disarm()
      reject(signal.reason)
    })
  })
}
