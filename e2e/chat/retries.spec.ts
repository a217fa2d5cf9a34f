import type { Step } from '../../demo/server/step.ts'
import { CHAT } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

const retry = { baseMs: 50, jitterMs: 0 }

test('a reset before the headers is retried unseen', async ({ app, server }) => {
  await app.start({ chat: [CHAT], retry })
  // On a connection that was used before, Chromium itself would repeat the request, and nobody would know.
  server.dropConnections()
  const chat = await app.chat({ steps: [{ kind: 'reset' }] })
  const { state, status } = await chat.ended()
  expect([state, status]).toEqual(['whole', 200])
  const [first] = await app.told('network_retry')
  expect(first).toMatchObject({ attempt: 2, own: true })
  expect((await chat.log()).map(({ status }) => status)).toEqual([undefined, 200])
})

const unseen: [name: string, step: Step, status: 'server_retry' | 'rate_limit_retry' | 'network_retry'][] = [
  ['a 502', { kind: 'status', status: 502 }, 'server_retry'],
  ['a 503 that says overloaded', { kind: 'status', status: 503 }, 'rate_limit_retry'],
  ['a 500', { kind: 'status', status: 500 }, 'server_retry'],
  ['a login page', { kind: 'html' }, 'server_retry'],
  [
    'a cut before the first output',
    { kind: 'answer', cut: { afterTokens: 0, by: 'close' } },
    'network_retry',
  ],
  [
    'an error event that says overloaded',
    { kind: 'answer', cut: { afterTokens: 0, by: 'error', error: { code: 'server_is_overloaded' } } },
    'rate_limit_retry',
  ],
]
for (const [name, step, status] of unseen) {
  test(`${name} is retried unseen`, async ({ app }) => {
    await app.start({ chat: [CHAT], retry: { ...retry, rateLimitBaseMs: 50 } })
    const chat = await app.chat({ steps: [step] })
    const ended = await chat.ended()
    expect([ended.state, ended.status]).toEqual(['whole', 200])
    expect(await app.told(status)).toMatchObject([{ attempt: 2 }])
    expect(await chat.log()).toHaveLength(2)
  })
}

test('a server that is broken for good is given up, and its own response reaches the app', async ({
  app,
}) => {
  await app.start({ chat: [CHAT], retry: { ...retry, maxAttempts: 3 } })
  const body = { error: { message: 'Out of order', type: 'server_error', code: null } }
  const chat = await app.chat({ steps: [{ kind: 'status', status: 500, body }], repeat: true })
  const { status, headers, chunks } = await chat.ended()
  expect([status, headers['x-should-retry']]).toEqual([500, 'false'])
  expect(JSON.parse(chunks.map(({ text }) => text).join(''))).toEqual(body)
  expect(await app.told('request_failed')).toMatchObject([
    { code: 'upstream_error', httpStatus: 500, attempts: 3 },
  ])
  expect(await chat.log()).toHaveLength(3)
})

test('a refusal that no retry would change is not retried', async ({ app }) => {
  await app.start({ chat: [CHAT], retry })
  for (const status of [400, 401, 404, 422]) {
    const chat = await app.chat({ steps: [{ kind: 'status', status }], repeat: true })
    expect((await chat.ended()).status).toBe(status)
    expect(await chat.log()).toHaveLength(1)
  }
})

test('a server that never answers at all ends as without us: fetch rejects', async ({ app }) => {
  await app.start({ chat: [CHAT], retry: { ...retry, maxAttempts: 2 } })
  const chat = await app.chat({ steps: [{ kind: 'reset' }], repeat: true })
  const { state, status, error } = await chat.ended()
  expect([state, status]).toEqual(['failed', undefined])
  expect(error).toContain('TypeError')
  expect(await app.told('request_failed')).toMatchObject([{ code: 'network_error', attempts: 2 }])
})

test('after the first output nothing is retried', async ({ app }) => {
  await app.start({ chat: [CHAT], retry })
  const chat = await app.chat({ steps: [{ kind: 'answer', cut: { afterTokens: 3, by: 'error' } }] })
  expect((await chat.ended()).state).toBe('failed')
  expect(await app.told('request_failed')).toMatchObject([{ code: 'error_in_stream' }])
  expect(await chat.log()).toHaveLength(1)
})
