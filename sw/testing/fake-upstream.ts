import type { Clock } from '../../core/clock.ts'
import { responses, failsAfter, type Scripted } from '../../core/testing/scripted-upstream.ts'

export interface Received {
  /** ms after the start. */
  at: number
  url: string
  path: string
  method: string
  headers: Headers
  body: string
  init: RequestInit
  signal: AbortSignal
}

export interface FakeUpstream {
  /** What came, in its order. */
  received: Received[]
  /** Bodies in the order in which they came. */
  bodies: () => string[]
  /** The answers to come, by path; one that is used up answers 201. */
  script: Record<string, Scripted[]>
  /** Answers whatever has no script. */
  otherwise: (received: Received) => Scripted
  /** What one worker sees as `fetch`; when it dies, nothing is sent or answered any more. */
  of: (isDead: () => boolean) => (input: string | Request, init: RequestInit) => Promise<Response>
  /** Requests that have no response yet, and the most there ever were. */
  open: () => number
  mostOpen: () => number
}

export const created = () => responses(201, { 'content-type': 'application/json' }, '{"ok":true}')
export const noNetwork = () => failsAfter()

/** A response after so long. */
export function after(ms: number, then: Scripted): Scripted {
  return (clock, signal) =>
    new Promise((resolve, reject) => {
      const stop = clock.timer(ms, () => then(clock, signal).then(resolve, reject))
      signal.addEventListener('abort', () => {
        stop()
        reject(signal.reason)
      })
    })
}

/** A server that answers by script and writes down what comes, and when. */
export function createFakeUpstream(clock: Clock): FakeUpstream {
  const startedAt = clock.now()
  let open = 0
  let mostOpen = 0
  const upstream: FakeUpstream = {
    received: [],
    bodies: () => upstream.received.map(({ body }) => body),
    script: {},
    otherwise: created,
    of: (isDead) => async (input, init) => {
      if (isDead()) return new Promise(() => {})
      const { signal = null } = init
      // What a browser would refuse, this refuses, too.
      const request = new Request(input, { ...init, signal: null })
      const { url } = request
      const received: Received = {
        at: clock.now() - startedAt,
        url,
        path: new URL(url).pathname,
        method: request.method,
        headers: request.headers,
        body: await request.text(),
        init,
        signal: signal ?? new AbortController().signal,
      }
      upstream.received.push(received)
      open++
      mostOpen = Math.max(mostOpen, open)
      try {
        const scripted = upstream.script[received.path]?.shift() ?? upstream.otherwise(received)
        const response = await scripted(clock, received.signal)
        if (isDead()) await new Promise(() => {})
        return response
      } finally {
        open--
      }
    },
    open: () => open,
    mostOpen: () => mostOpen,
  }
  return upstream
}
