import type { UpstreamAttempt } from '../../demo/server/upstream/upstream-log.ts'
import { CHAT, type HowToCall } from '../support/app.ts'
import { expect, test } from '../support/test.ts'
import { startTestServer } from '../support/test-server.ts'

/** Chats whose request must reach the upstream exactly as the page sent it. */
const requests: [name: string, how: HowToCall][] = [
  ['plain', {}],
  [
    'headers of its own',
    { headers: { Authorization: 'Bearer secret', 'X-Mine': 'yes', Accept: 'text/event-stream' } },
  ],
  ['without cookies', { more: { credentials: 'omit' } }],
  ['without a referrer', { more: { referrerPolicy: 'no-referrer' } }],
  ['the origin alone as referrer', { more: { referrerPolicy: 'origin' } }],
]

for (const [name, how] of requests) {
  test(`a chat arrives with the page’s Referer, cookies and headers: ${name}`, async ({ app }) => {
    await app.open()
    await app.evaluate(() => void (document.cookie = 'session=abc; SameSite=Lax; path=/'))
    const plain = await app.chat({ steps: [] }, {}, how)
    await plain.ended()
    await app.register({ chat: [CHAT] })
    const kept = await app.chat({ steps: [] }, {}, how)
    const { headers } = await kept.ended()
    expect(headers['x-streamkeeper-id']).toBeTruthy()

    const [without] = await plain.log()
    const [with_] = await kept.log()
    // Client hints are the browser's own to add; Chromium adds none to what a worker sends.
    expect(with_?.headers).toEqual(withoutHints(without?.headers))
    if (name === 'plain') {
      expect(with_?.headers.cookie).toBeTruthy()
      expect(with_?.headers.referer).toContain('/e2e/site/')
    }
  })
}

test('our own header reaches the worker, and never the upstream', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [{ kind: 'status', status: 503 }] }, {}, { requestId: 'known' })
  expect((await chat.ended()).headers['x-streamkeeper-id']).toBe('known')
  for (const { headers } of await chat.log()) expect(headers).not.toHaveProperty('x-streamkeeper-id')
})

test('every attempt carries the same body and headers', async ({ app }) => {
  await app.start({ chat: [CHAT], retry: { baseMs: 50 } })
  const steps = [
    { kind: 'status', status: 503 },
    { kind: 'status', status: 500 },
  ] as const
  const chat = await app.chat({ steps }, {}, { headers: { Authorization: 'Bearer secret' } })
  expect((await chat.ended()).status).toBe(200)
  const [first, ...others] = await chat.log()
  expect(others).toHaveLength(2)
  for (const { headers, bodyBytes } of others) {
    expect({ headers, bodyBytes }).toEqual({ headers: first?.headers, bodyBytes: first?.bodyBytes })
  }
})

test('a chat with another origin is kept too', async ({ app, site }) => {
  const other = await startTestServer(site)
  try {
    const url = `${other.url}${CHAT}`
    await app.start({ chat: [url] })
    const chat = await app.chat({ steps: [{ kind: 'status', status: 503 }] }, {}, { url })
    const { state, status } = await chat.ended()
    expect([state, status]).toEqual(['whole', 200])
    const log = await other.log(chat.id)
    expect(log.map(({ status }) => status)).toEqual([503, 200])
    expect(log[1]?.headers.origin).toBe(log[0]?.headers.origin)
  } finally {
    await other.close()
  }
})

test('a saved message arrives with the page’s cookies and headers', async ({ app, server }) => {
  const url = `${CHAT}?fault_id=${crypto.randomUUID()}`
  const id = url.slice(url.indexOf('=') + 1)
  await app.open()
  await app.evaluate(() => void (document.cookie = 'session=abc; SameSite=Lax; path=/'))
  await app.register({ saves: [CHAT] })
  const body = JSON.stringify({ model: 'demo-small', messages: [{ role: 'user', content: 'Save me' }] })
  const headers = { 'Content-Type': 'application/json', Authorization: 'Bearer secret', 'X-Mine': 'yes' }
  const saving = await app.call(url, { headers, body })
  expect((await saving.ended()).status).toBe(202)
  await app.told('save_sent')
  const [attempt] = await server.log(id)
  expect(attempt).toMatchObject({ method: 'POST', bodyBytes: body.length })
  expect(attempt?.headers).toMatchObject({ 'x-mine': 'yes', 'content-type': 'application/json' })
  expect(attempt?.headers.authorization).toMatch(/^sha256:/)
  expect(attempt?.headers.cookie).toMatch(/^sha256:/)
  expect(attempt?.headers['idempotency-key']).toBeTruthy()
  expect(attempt?.headers.referer).toContain(server.url)
  expect(attempt?.headers.referer).not.toContain('streamkeeper-sw.js')
})

function withoutHints(headers: UpstreamAttempt['headers'] = {}): UpstreamAttempt['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('sec-ch-')))
}
