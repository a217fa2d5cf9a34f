import { describe, expect, test } from 'vitest'
import { runOutbox } from '../testing/run-outbox.ts'

test('fault 4: a save is answered at once and sent in the background, however long that takes', async () => {
  const run = runOutbox()
  run.server(() => 'silent')
  const response = await run.save('a', 'Hello')
  expect(response.status).toBe(202)
  const { id } = (await response.json()) as { id: string }
  expect(await run.list()).toMatchObject([{ id, conversation: '/api/sessions/a/messages', attempts: 0 }])
  run.server(() => 201)
  await run.device.advance(60_000)
  expect(run.seen().at(-1)).toBe('a:Hello')
  expect(run.emitted('save_sent')).toMatchObject([{ entryId: id }])
})

test('a sent message leaves nothing behind', async () => {
  const run = runOutbox()
  await run.save('a', 'Hello')
  await run.device.advance(0)
  expect(run.seen()).toEqual(['a:Hello'])
  expect(await run.list()).toEqual([])
  expect(run.device.caches.readAll().size).toBe(0)
  expect(run.device.emitted()).toEqual(['save_queued', 'save_sent'])
})

test('secrets are readable in neither store, and arrive', async () => {
  const run = runOutbox()
  run.server(() => 'down')
  const headers = { Authorization: 'Bearer s3cret', 'X-Own': 'own-value' }
  await run.save('a', 'Hello', { query: '?token=t0ken', headers })
  await run.device.advance(0)
  const index = JSON.stringify(await run.device.entries())
  const pairs = decodeURIComponent([...run.device.caches.readAll()].join('\n'))
  for (const text of [index, pairs]) {
    expect(text).toContain('/api/sessions/a/messages')
    expect(text).not.toMatch(/s3cret|t0ken|own-value/)
  }
  run.server(() => 201)
  await run.outbox.drain('woken')
  await run.device.advance(2_000)
  expect(run.sent.at(-1)).toMatchObject({
    url: expect.stringContaining('?token=t0ken') as string,
  })
  expect(Object.fromEntries(run.sent.at(-1)?.headers ?? [])).toMatchObject({
    authorization: 'Bearer s3cret',
    'x-own': 'own-value',
    'content-type': 'application/json',
  })
})

test('every try carries the same Idempotency-Key; the app’s own is kept', async () => {
  const run = runOutbox()
  let responses = 0
  run.server(() => (responses++ < 2 ? 500 : 201))
  await run.save('a', 'Hello')
  await run.device.advance(10_000)
  const keys = new Set(run.sent.map(({ headers }) => headers.get('idempotency-key')))
  expect([run.sent.length, keys.size, keys.has(null)]).toEqual([3, 1, false])
  await run.save('a', 'Again', { headers: { 'Idempotency-Key': 'mine' } })
  await run.device.advance(0)
  expect(run.sent.at(-1)?.headers.get('idempotency-key')).toBe('mine')
})

describe('order', () => {
  test('inside a conversation it is strict, between conversations none waits', async () => {
    const run = runOutbox()
    run.server(({ url }) => (url.includes('/stuck/') ? 503 : 201))
    for (const text of ['1', '2', '3']) await run.save('stuck', text)
    await run.save('free', '1')
    await run.device.advance(3_000)
    expect(run.seen().filter((each) => each.startsWith('free'))).toEqual(['free:1'])
    expect(new Set(run.seen().filter((each) => each.startsWith('stuck')))).toEqual(new Set(['stuck:1']))
    run.server(() => 201)
    await run.device.advance(10_000)
    expect(run.seen().slice(-3)).toEqual(['stuck:1', 'stuck:2', 'stuck:3'])
  })
})

describe('what stays', () => {
  test('500 three times, then 200: waits of 1, 2 and 4 s', async () => {
    const run = runOutbox()
    let responses = 0
    run.server(() => (responses++ < 3 ? 500 : 200))
    await run.save('a', 'Hello')
    await run.device.advance(20_000)
    const [first = 0, ...others] = run.sent.map(({ at }) => at)
    expect(others.map((at) => Math.round((at - first) / 1_000))).toEqual([1, 3, 7])
    expect(run.emitted('save_retry').map((status) => 'attempts' in status && status.attempts)).toEqual([
      1, 2, 3,
    ])
    expect(await run.list()).toEqual([])
  })

  test('tries that a trigger makes early do not lengthen the waits', async () => {
    const run = runOutbox()
    run.server(() => 'down')
    await run.save('a', 'Hello')
    for (let trigger = 0; trigger < 6; trigger++) {
      await run.device.advance(50)
      await run.outbox.drain('online')
    }
    const last = run.sent.at(-1)?.at ?? 0
    expect(run.sent.length).toBeGreaterThan(5)
    await run.device.advance(1_200)
    const next = run.sent.map(({ at }) => at).find((at) => at > last) ?? 0
    expect(next - last).toBeLessThanOrEqual(1_200)
    expect(next - last).toBeGreaterThanOrEqual(800)
  })

  test('503 for ten minutes of fake time: still waiting, not dead', async () => {
    const run = runOutbox()
    run.server(() => 503)
    await run.save('a', 'Hello')
    await run.device.advance(600_000)
    expect(await run.list()).toMatchObject([{ state: 'waiting' }])
    expect(run.emitted('save_dead')).toEqual([])
    expect(run.sent.length).toBeGreaterThan(7)
    run.server(() => 201)
    await run.device.advance(300_000)
    expect(await run.list()).toEqual([])
  })

  test('without a network no attempt is burnt, and the network’s return is enough', async () => {
    const run = runOutbox()
    run.server(() => 'down')
    await run.save('a', 'Hello')
    await run.device.advance(60_000)
    expect(await run.list()).toMatchObject([{ state: 'waiting', attempts: 0 }])
    run.server(() => 201)
    await run.outbox.drain('woken')
    expect(run.sent.at(-1)?.at).toBe(60_000)
    expect(await run.list()).toEqual([])
  })

  test('a Retry-After is never undercut', async () => {
    const run = runOutbox()
    run.server(() => Response.json({}, { status: 429, headers: { 'Retry-After': '120' } }))
    await run.save('a', 'Hello')
    await run.device.advance(119_000)
    expect(run.sent).toHaveLength(1)
    await run.device.advance(2_000)
    expect(run.sent).toHaveLength(2)
  })

  test.each([
    ['a page in HTML', () => new Response('<p>Log in</p>', { headers: { 'Content-Type': 'text/html' } })],
    ['another origin', () => elsewhere(Response.json({}))],
    ['a refusal from another origin', () => elsewhere(Response.json({}, { status: 404 }))],
    ['408', () => 408],
    ['409', () => 409],
    ['425', () => 425],
  ])('%s is no answer of the API’s', async (_name, reply) => {
    const run = runOutbox()
    run.server(reply)
    await run.save('a', 'Hello')
    await run.device.advance(0)
    expect(await run.list()).toMatchObject([{ state: 'waiting' }])
  })

  test('a server that says nothing for 30 s has no response', async () => {
    const run = runOutbox()
    run.server(() => 'silent')
    await run.save('a', 'Hello')
    await run.device.advance(29_000)
    expect(run.emitted('save_retry')).toEqual([])
    await run.device.advance(2_000)
    expect(run.emitted('save_retry')).toMatchObject([{ code: 'network_error', attempts: 0 }])
  })
})

describe('what arrives', () => {
  test.each([
    ['204', () => new Response(null, { status: 204 }), {}],
    ['a JSON type of its own', () => typed('application/vnd.api+json; charset=utf-8'), {}],
    ['a type that is configured', () => typed('text/plain'), { accept: ['text/*'] }],
    ['the status for duplicates', () => 409, { duplicateStatus: 409 }],
  ])('%s counts', async (_name, reply, route) => {
    const run = runOutbox({ route })
    run.server(reply)
    await run.save('a', 'Hello')
    await run.device.advance(0)
    expect(await run.list()).toEqual([])
  })

  test('respond: sent hands the real response on, when it comes in time', async () => {
    const run = runOutbox({ route: { respond: 'sent' } })
    run.server(() => Response.json({ seq: 7 }, { status: 201 }))
    const response = await run.save('a', 'Hello')
    expect([response.status, await response.json()]).toEqual([201, { seq: 7 }])
  })

  test('respond: sent falls back to 202', async () => {
    const run = runOutbox({ route: { respond: 'sent', respondMs: 1_000 } })
    run.server(() => 'silent')
    const saving = run.save('a', 'Hello')
    await run.device.advance(1_500)
    expect((await saving).status).toBe(202)
  })

  test('respond: an object is what the app is answered with', async () => {
    const run = runOutbox({ route: { respond: { status: 201, body: { ok: true } } } })
    const response = await run.save('a', 'Hello')
    expect([response.status, await response.json()]).toEqual([201, { ok: true }])
    const empty = await runOutbox({ route: { respond: { status: 204 } } }).save('a', 'Hello')
    expect([empty.status, await empty.text()]).toEqual([204, ''])
  })
})

describe('dead letters', () => {
  test('400: the response is kept, those behind go on, retry sends it', async () => {
    const run = runOutbox()
    run.server(({ body }) => (body.includes('bad') ? Response.json({ error: 'No' }, { status: 400 }) : 201))
    await run.save('a', 'bad')
    await run.save('a', 'good')
    await run.device.advance(0)
    const [dead] = await run.list()
    expect(dead).toMatchObject({ state: 'dead', code: 'upstream_error', attempts: 1 })
    expect(dead?.preview).toBe('400 {"error":"No"}')
    expect(run.seen()).toEqual(['a:bad', 'a:good'])
    run.server(() => 201)
    expect(await run.outbox.retry(dead?.id ?? '')).toBe(true)
    await run.device.advance(0)
    expect(await run.list()).toEqual([])
  })

  test('discard deletes, and says whether there was one', async () => {
    const run = runOutbox()
    run.server(() => 400)
    await run.save('a', 'Hello')
    await run.device.advance(0)
    const [dead] = await run.list()
    expect(await run.outbox.discard(dead?.id ?? '')).toBe(true)
    expect(await run.outbox.discard(dead?.id ?? '')).toBe(false)
    expect(await run.outbox.retry(dead?.id ?? '')).toBe(false)
    expect(run.device.caches.readAll().size).toBe(0)
  })

  test('afterDead: hold blocks those behind it until it is gone', async () => {
    const run = runOutbox({ route: { afterDead: 'hold' } })
    run.server(() => 400)
    await run.save('a', '1')
    await run.save('a', '2')
    await run.device.advance(0)
    run.server(() => 201)
    await run.outbox.drain('flush')
    expect(run.seen()).toEqual(['a:1'])
    const [dead] = await run.list()
    await run.outbox.discard(dead?.id ?? '')
    await run.outbox.drain()
    expect(run.seen()).toEqual(['a:1', 'a:2'])
  })

  test('too old: given up after one more try', async () => {
    const run = runOutbox({ context: { maxAgeMs: 60_000 } })
    run.server(() => 'down')
    await run.save('a', 'Hello')
    await run.device.advance(50_000)
    expect(run.emitted('save_dead')).toEqual([])
    await run.device.advance(120_000)
    expect(run.emitted('save_dead')).toMatchObject([{ code: 'network_error', attempts: 0 }])
  })
})

describe('credentials', () => {
  test('401 asks the page, burns no attempt, and holds its place', async () => {
    const run = runOutbox()
    run.server(() => 401)
    await run.save('a', '1')
    await run.save('a', '2')
    await run.device.advance(60_000)
    expect(await run.list()).toMatchObject([{ state: 'needs_auth', attempts: 0 }, { state: 'queued' }])
    expect(run.emitted('save_needs_auth')).toHaveLength(1)
    expect(run.device.questions[0]).toMatchObject({
      origin: 'https://app.example',
      conversation: '/api/sessions/a/messages',
    })
    expect(new Set(run.seen())).toEqual(new Set(['a:1']))
    run.server(() => 201)
    await run.outbox.drain('woken')
    expect(run.seen().slice(-2)).toEqual(['a:1', 'a:2'])
  })

  test('what the page gives is used at once', async () => {
    const run = runOutbox({ auth: () => ({ Authorization: 'Bearer new' }) })
    run.server(({ headers }) => (headers.get('authorization') === 'Bearer new' ? 201 : 401))
    await run.save('a', 'Hello', { headers: { Authorization: 'Bearer old' } })
    await run.device.advance(0)
    expect(await run.list()).toEqual([])
    expect(run.emitted('save_sent')).toMatchObject([{ attempts: 1 }])
  })

  test.each([
    ['nothing to give', null],
    ['something, refused as well', { Authorization: 'Bearer new' }],
  ])('403 asks once: %s, dead', async (_name, provided) => {
    const run = runOutbox({ auth: () => provided })
    run.server(() => 403)
    await run.save('a', 'Hello')
    await run.device.advance(0)
    expect(await run.list()).toMatchObject([{ state: 'dead' }])
    expect(run.device.questions).toHaveLength(1)
    expect(run.sent).toHaveLength(provided ? 2 : 1)
  })
})

function typed(contentType: string): Response {
  return new Response('{}', { status: 201, headers: { 'Content-Type': contentType } })
}

/** As if a redirect had led to another origin. */
function elsewhere(response: Response): Response {
  Object.defineProperty(response, 'redirected', { value: true })
  Object.defineProperty(response, 'url', { value: 'https://portal.test/login' })
  return response
}
