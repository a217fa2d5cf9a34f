import { createFakeClock, type FakeClock } from '../../core/testing/fake-clock.ts'
import { createStreams, type Streams, type StreamsOptions } from '../create-streams.ts'
import { BREAK_MS } from '../limits.ts'
import { memoryStore } from '../stores/memory-store.ts'
import type { StreamStore } from '../stores/store.ts'
import { controlledUpstream, type ControlledUpstream } from './controlled-upstream.ts'

/** An app's server with its upstream, on a fake clock. */
export interface Site {
  streams: Streams
  upstream: ControlledUpstream
  store: StreamStore
  clock: FakeClock
  errors: unknown[]
  start: (options?: { user?: string; key?: string; conversation?: string }) => Promise<Response>
  get: (path: string, options?: { user?: string } & RequestInit) => Promise<Response>
  stop: (id: string, user?: string) => Promise<Response>
  latest: (id: string, user?: string) => Promise<Response>
}

export function openSite({
  store,
  clock = createFakeClock(),
  upstream = controlledUpstream(),
  ...options
}: Partial<StreamsOptions> & { clock?: FakeClock; upstream?: ControlledUpstream } = {}): Site {
  const errors: unknown[] = []
  // Nothing is lost on its way here: bodies break at once.
  const timer: FakeClock['timer'] = (ms, callback) => {
    if (ms !== BREAK_MS) return clock.timer(ms, callback)
    setImmediate(callback)
    return () => {}
  }
  const kept = store ?? memoryStore(clock)
  const streams = createStreams(
    {
      store: kept,
      authorize: (request) => request.headers.get('user'),
      fetch: upstream.fetch,
      onError: (error) => errors.push(error),
      ...options,
    },
    { ...clock, timer },
  )
  const request = (path: string, user: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    if (user) headers.set('user', user)
    return new Request(new URL(path, 'https://app.example'), { ...init, headers })
  }
  return {
    streams,
    upstream,
    store: kept,
    clock,
    errors,
    start: ({ user = 'ann', key, conversation } = {}) =>
      streams.start(
        request('/api/chat', user, { method: 'POST', headers: key ? { 'idempotency-key': key } : {} }),
        {
          url: 'https://api.example/v1/chat/completions',
          init: { method: 'POST', body: '{"stream":true}' },
          ...(conversation === undefined ? {} : { conversation }),
        },
      ),
    get: (path, { user = 'ann', ...init } = {}) => streams.handle(request(path, user, init)),
    stop: (id, user = 'ann') => streams.stop(request('/stop', user, { method: 'POST' }), id),
    latest: (id, user = 'ann') => streams.latest(request('/latest', user), id),
  }
}

/** Reads a body to its end or its break. */
export async function readBody(response: Response): Promise<{ text: string; isBroken: boolean }> {
  const chunks: Uint8Array[] = []
  const reader = response.body?.getReader()
  const text = () => new TextDecoder().decode(Buffer.concat(chunks))
  try {
    for (;;) {
      const chunk = await reader?.read()
      if (!chunk?.value) return { text: text(), isBroken: false }
      chunks.push(chunk.value)
    }
  } catch {
    return { text: text(), isBroken: true }
  }
}
