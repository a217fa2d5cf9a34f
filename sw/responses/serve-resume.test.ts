import { afterEach, expect, test } from 'vitest'
import { checkAllRoutes } from '../../core/options/check-routes.ts'
import { createResumeRoutes } from './serve-resume.ts'

const SCOPE = 'https://app.example/'
const SSE = 'data: {"type":"start"}\n\ndata: {"type":"text-delta","id":"1","delta":"Hi"}\n\n'
const DATA_LINES = 'f:{"messageId":"m"}\n0:"Hi"\n'
const JSON_LINES = '{"type":"token"}\n'
const plainFetch = globalThis.fetch

afterEach(() => {
  globalThis.fetch = plainFetch
})

/** Resumes at a server that responds so; nothing is kept here but what was cut, if anything was. */
async function resume(
  parts: string[],
  type?: string,
  { status = 200, cut, end = 'close' }: { status?: number; cut?: string; end?: 'close' | 'reset' } = {},
) {
  const chunks = parts.map((part) => new TextEncoder().encode(part))
  let isCancelled = false
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const chunk = chunks.shift()
      if (chunk) controller.enqueue(chunk)
      else if (end === 'close') controller.close()
      else controller.error(new TypeError('terminated'))
    },
    cancel: () => void (isCancelled = true),
  })
  const headers = { 'x-own': '1', 'content-encoding': 'gzip', ...(type ? { 'content-type': type } : {}) }
  globalThis.fetch = async () => new Response(body, { status, headers })
  const { resuming, stopping } = checkAllRoutes(
    { resume: { route: '/chat/:id/stream', key: 'body.id' } },
    SCOPE,
  )
  const tracked: Promise<unknown>[] = []
  const routes = createResumeRoutes(
    resuming,
    stopping,
    {
      resume: async (_id, _clientId, which) =>
        which === 'cut' && cut !== undefined ? new Response(cut) : undefined,
      stop: () => false,
    },
    (task) => void tracked.push(task),
  )
  const response = await routes.serve(new Request(`${SCOPE}chat/1/stream`), 'tab')
  if (!response) throw new Error('Not a route')
  return { response, tracked, isCancelled: () => isCancelled }
}

test.each([
  ['server-sent events without a label', [SSE], undefined],
  ['server-sent events as text', [SSE], 'text/plain; charset=utf-8'],
  ['the older data stream of the AI SDK', [DATA_LINES], 'text/plain'],
  ['lines of JSON, labelled', [JSON_LINES], 'application/x-ndjson'],
  ['events that begin in pieces', ['\n', 'da', 'ta: {}\n\n', 'data: {}\n\n'], undefined],
  ['a comment and nothing more', [': ping\n\n'], 'application/octet-stream'],
])('what the server streams is passed on, whatever its label: %s', async (_name, parts, type) => {
  const { response, tracked } = await resume(parts, type)
  expect([response.status, response.headers.get('x-own')]).toEqual([200, '1'])
  expect(response.headers.get('content-type')).toBe(type ?? null)
  // The body is decoded.
  expect(response.headers.has('content-encoding')).toBe(false)
  expect(await response.text()).toBe(parts.join(''))
  expect(tracked).toHaveLength(1)
  await tracked[0]
})

test('with its label it is passed on untouched', async () => {
  const { response, tracked } = await resume([SSE], 'text/event-stream; charset=utf-8')
  expect(response.headers.has('content-encoding')).toBe(true)
  expect(await response.text()).toBe(SSE)
  expect(tracked).toEqual([])
})

test.each<[string, string[], string | undefined, object]>([
  ['JSON', ['{"error":"none"}'], 'application/json', {}],
  ['JSON without a label', ['{"error":"none"}'], undefined, {}],
  ['a page', ['<!doctype html><p>Sign in'], 'text/html', {}],
  ['words', ['No such stream'], 'text/plain', {}],
  ['nothing', [], undefined, {}],
  ['blanks', ['\n'], undefined, {}],
  ['a body that breaks at once', [], undefined, { end: 'reset' }],
  ['a refusal', [SSE], 'text/event-stream', { status: 404 }],
])('what else the server says is no response: %s', async (_name, parts, type, more) => {
  expect((await resume(parts, type, more)).response.status).toBe(204)
  const { response } = await resume(parts, type, { ...more, cut: 'half' })
  expect(await response.text()).toBe('half')
})

test('a break in what is passed on is one for the page', async () => {
  const { response, tracked } = await resume([SSE], undefined, { end: 'reset' })
  await expect(response.text()).rejects.toThrow('terminated')
  await Promise.allSettled(tracked)
})

test('a page that reads no more ends it at the server', async () => {
  const { response, tracked, isCancelled } = await resume([SSE, SSE], undefined)
  const reader = response.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  expect(isCancelled()).toBe(true)
  await tracked[0]
})
