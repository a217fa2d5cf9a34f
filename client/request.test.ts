import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { request } from './request.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.stubGlobal('location', { origin: 'https://app.example' })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test.each([
  ['a worker of ours', new Response('{"ok":true}', { headers: { 'X-Streamkeeper-Protocol': '1' } }), true],
  ['one that dies', new Response(null, { headers: { 'X-Streamkeeper-Protocol': '1' } }), false],
  ['a server', new Response('Not found', { status: 404 }), false],
  ['a policy that forbids it', new TypeError('refused'), false],
])(
  'a call as a request is begun at once, and done only by a worker of ours: %s',
  async (_by, reply, isDone) => {
    const asked: [string, RequestInit][] = []
    vi.stubGlobal('fetch', async (...args: [string, RequestInit]) => {
      asked.push(args)
      if (reply instanceof Response) return reply
      throw reply
    })
    const requested = request('principal', { id: 'Zoë \ud800' })
    expect(asked).toHaveLength(1)
    expect(await requested).toBe(isDone)
    const [url, { headers }] = asked[0] ?? ['', {}]
    expect(url).toBe('https://app.example/__streamkeeper/call')
    const text = decodeURIComponent(new Headers(headers).get('X-Streamkeeper-Call') ?? '')
    expect(JSON.parse(text)).toEqual({ name: 'principal', args: { id: 'Zoë \ud800' } })
  },
)

test('a worker that cannot do it says why, and is not asked again', async () => {
  const headers = { 'X-Streamkeeper-Protocol': '1' }
  const reply = { ok: false, message: 'No storage' }
  vi.stubGlobal('fetch', async () => Response.json(reply, { headers }))
  await expect(request('clear', null)).rejects.toThrow('Cannot call clear: No storage')
})

test('a fetch of the app’s that waits for the call is waited for 10 s', async () => {
  vi.stubGlobal('fetch', () => new Promise(() => {}))
  const requested = request('principal', { id: 'ann' })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await requested).toBe(false)
})

test('where AbortSignal has no timeout() a call is made all the same, and ended after 10 s', async () => {
  class OldSignal extends AbortSignal {
    static override timeout = undefined as never
  }
  vi.stubGlobal('AbortSignal', OldSignal)
  let signal: AbortSignal | null | undefined
  vi.stubGlobal('fetch', (_url: string, init: RequestInit) => {
    signal = init.signal
    return new Promise(() => {})
  })
  const requested = request('principal', { id: 'ann' })
  await vi.advanceTimersByTimeAsync(9_999)
  expect(signal?.aborted).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect([await requested, signal?.aborted]).toEqual([false, true])
})
