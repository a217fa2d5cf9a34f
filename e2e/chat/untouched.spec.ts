import { type App, CHAT, SAVES } from '../support/app.ts'
import type { CallInit } from '../site/read-call.ts'
import { expect, test } from '../support/test.ts'
import type { TestServer } from '../support/test-server.ts'

const json = { 'Content-Type': 'application/json' }
const body = JSON.stringify({ model: 'demo-small', messages: [{ role: 'user', content: 'Hello' }] })

/** Requests that look like ours and are not. The worker keeps `/v1/chat/completions` and the saves of a session. */
const requests: [name: string, url: string, init: CallInit][] = [
  ['another path of the same API', '/v1/models', { method: 'GET' }],
  ['a path nobody knows', '/v1/embeddings', { headers: { ...json, 'X-Mine': '1' }, body }],
  ['another method on the chat’s URL', '/v1/chat/completions', { method: 'PUT', headers: json, body }],
  ['a GET where saves go', '/api/sessions/s1/messages', { method: 'GET' }],
  ['a chat that must not be redirected', '/v1/chat/completions', { body, more: { redirect: 'error' } }],
  ['a file', '/outside.html', { method: 'GET', headers: { Range: 'bytes=0-9' } }],
]

for (const [name, url, init] of requests) {
  test(`a request that is not configured is as without a worker: ${name}`, async ({ app, server }) => {
    await app.open()
    const before = await look(app, server, url, init)
    await app.register({ chat: [CHAT], saves: [SAVES] })
    const after = await look(app, server, url, init)
    expect(after).toEqual(before)
    expect(await app.evaluate(() => window.e2e.statuses)).toEqual([])
  })
}

test('a chat that is not configured is not retried', async ({ app }) => {
  await app.start({ chat: ['/v1/other'], saves: [SAVES] })
  const chat = await app.chat({ steps: [{ kind: 'status', status: 429 }] })
  const { status, headers } = await chat.ended()
  expect([status, headers['x-should-retry'], headers['x-streamkeeper-id']]).toEqual([
    429,
    undefined,
    undefined,
  ])
  expect(await chat.log()).toHaveLength(1)
  expect(await app.evaluate(() => window.e2e.statuses)).toEqual([])
})

test('a page outside the worker’s scope is as without a worker', async ({ app, server }) => {
  await app.start({ chat: [CHAT], saves: [SAVES], scope: '/e2e/' })
  const outside = await app.page.newTab()
  await outside.goto(`${server.url}/outside.html`)
  const id = crypto.randomUUID()
  const seen = await outside.evaluate(
    async ({ id, body }) => {
      const fault = { id, steps: [{ kind: 'status', status: 503 }] }
      const response = await fetch('/v1/chat/completions', {
        method: 'POST',
        body: JSON.stringify({ ...JSON.parse(body), fault }),
      })
      const { controller } = navigator.serviceWorker
      return [controller === null, response.status, response.headers.get('x-streamkeeper-id')]
    },
    { id, body },
  )
  expect(seen).toEqual([true, 503, null])
  expect(await server.log(id)).toHaveLength(1)
})

/** The page's response and the upstream's log, without the parts that differ between any two requests. */
async function look(app: App, server: TestServer, url: string, init: CallInit) {
  const id = crypto.randomUUID()
  const call = await app.call(`${url}?fault_id=${id}`, init)
  const { state, status, type, redirected, error, headers, chunks } = await call.ended()
  const log = await server.log(id)
  return {
    state,
    status,
    type,
    redirected,
    error,
    headers: { ...headers, date: '', 'x-request-id': '' },
    // A chat's answer has an id and a time of its own.
    body: chunks.map(({ text }) => text.replace(/chatcmpl-\w+|"created":\d+/g, '')).join(''),
    seen: log.map(({ method, path, headers, bodyBytes, status }) => ({
      method,
      path,
      headers,
      bodyBytes,
      status,
    })),
  }
}
