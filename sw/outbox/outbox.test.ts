import { deleteDB, openDB } from 'idb'
import { describe, expect, test } from 'vitest'
import { rest, runOutbox } from '../testing/run-outbox.ts'

test('fault 4: a save is answered at once and sent in the background, however long that takes', async () => {
  const run = runOutbox()
  run.server(() => 'silent')
  const response = await run.save('a', 'Hello')
  expect(response.status).toBe(202)
  const { id } = (await response.json()) as { id: string }
  expect(await run.list()).toMatchObject([{ id, conversation: '/api/sessions/a/messages', attempts: 0 }])
  run.server(() => 201)
  await run.pass(60_000)
  expect(run.seen().at(-1)).toBe('a:Hello')
  expect(run.told('save_sent')).toMatchObject([{ entryId: id }])
})

test('a sent message leaves nothing behind', async () => {
  const run = runOutbox()
  await run.save('a', 'Hello')
  await rest()
  expect(run.seen()).toEqual(['a:Hello'])
  expect(await run.list()).toEqual([])
  expect(run.storage.stored.size).toBe(0)
  expect(run.statuses.map(({ status }) => status)).toEqual(['save_queued', 'save_sent'])
})

test('secrets are readable in neither store, and arrive', async () => {
  const run = runOutbox()
  run.server(() => 'down')
  const headers = { 'Content-Type': 'application/json', Authorization: 'Bearer s3cret', 'X-Own': 'own-value' }
  await run.save('a', 'Hello', { query: '?token=t0ken', headers })
  await rest()
  const database = await openDB(`streamkeeper ${run.scope}`)
  const index = JSON.stringify(await database.getAll('entries'))
  database.close()
  const pairs = JSON.stringify([...run.storage.stored].map(([url, { headers }]) => [url, headers]))
  for (const text of [index, decodeURIComponent(pairs)]) {
    expect(text).toContain('/api/sessions/a/messages')
    expect(text).not.toMatch(/s3cret|t0ken|own-value/)
  }
  run.server(() => 201)
  await run.outbox.drain('woken')
  await run.pass(2_000)
  expect(run.sent.at(-1)).toMatchObject({
    url: expect.stringContaining('?token=t0ken') as string,
    headers: { authorization: 'Bearer s3cret', 'x-own': 'own-value', 'content-type': 'application/json' },
  })
})

test('every try carries the same Idempotency-Key; the app’s own is kept', async () => {
  const run = runOutbox()
  let answers = 0
  run.server(() => (answers++ < 2 ? 500 : 201))
  await run.save('a', 'Hello')
  await run.pass(10_000)
  const keys = new Set(run.sent.map(({ headers }) => headers['idempotency-key']))
  expect([run.sent.length, keys.size, keys.has(undefined)]).toEqual([3, 1, false])
  await run.save('a', 'Again', { headers: { 'Idempotency-Key': 'mine' } })
  await rest()
  expect(run.sent.at(-1)?.headers['idempotency-key']).toBe('mine')
})

describe('order', () => {
  test('inside a conversation it is strict, between conversations none waits', async () => {
    const run = runOutbox()
    run.server(({ url }) => (url.includes('/stuck/') ? 503 : 201))
    for (const text of ['1', '2', '3']) await run.save('stuck', text)
    await run.save('free', '1')
    await run.pass(3_000)
    expect(run.seen().filter((each) => each.startsWith('free'))).toEqual(['free:1'])
    expect(new Set(run.seen().filter((each) => each.startsWith('stuck')))).toEqual(new Set(['stuck:1']))
    run.server(() => 201)
    await run.pass(10_000)
    expect(run.seen().slice(-3)).toEqual(['stuck:1', 'stuck:2', 'stuck:3'])
  })

  test('a conversation that hangs holds up none that comes later', async () => {
    const run = runOutbox()
    run.server(({ url }) => (url.includes('/hangs/') ? 'silent' : 201))
    await run.save('hangs', '1')
    await rest()
    await run.save('later', '1')
    await rest()
    expect(run.seen()).toEqual(['hangs:1', 'later:1'])
  })

  test('it is the order of the requests, though a body is slow to read', async () => {
    const run = runOutbox()
    let send = () => {}
    const slow = new ReadableStream<Uint8Array>({
      start: (controller) => {
        send = () => {
          controller.enqueue(new TextEncoder().encode('{"text":"1"}'))
          controller.close()
        }
      },
    })
    const first = run.save('a', '', { body: slow, duplex: 'half' } as RequestInit)
    const second = run.save('a', '2')
    await rest()
    send()
    await Promise.all([first, second])
    await rest()
    expect(run.seen()).toEqual(['a:1', 'a:2'])
  })

  test('no more than six are under way at a time', async () => {
    const run = runOutbox()
    run.server(() => 'silent')
    for (let n = 0; n < 10; n++) await run.save(`s${n}`, '1')
    await rest()
    expect(run.sent).toHaveLength(6)
    run.server(() => 201)
    await run.pass(60_000)
    expect(await run.list()).toEqual([])
  })
})

describe('what stays', () => {
  test('500 three times, then 200: waits of 1, 2 and 4 s', async () => {
    const run = runOutbox()
    let answers = 0
    run.server(() => (answers++ < 3 ? 500 : 200))
    await run.save('a', 'Hello')
    await run.pass(20_000)
    const [first = 0, ...others] = run.sent.map(({ at }) => at)
    expect(others.map((at) => Math.round((at - first) / 1_000))).toEqual([1, 3, 7])
    expect(run.told('save_retry').map((status) => 'attempts' in status && status.attempts)).toEqual([1, 2, 3])
    expect(await run.list()).toEqual([])
  })

  test('503 for ten minutes of fake time: still waiting, not dead', async () => {
    const run = runOutbox()
    run.server(() => 503)
    await run.save('a', 'Hello')
    await run.pass(600_000)
    expect(await run.list()).toMatchObject([{ state: 'waiting' }])
    expect(run.told('save_dead')).toEqual([])
    expect(run.sent.length).toBeGreaterThan(7)
    run.server(() => 201)
    await run.pass(300_000)
    expect(await run.list()).toEqual([])
  })

  test('without a network no attempt is burnt, and the network’s return is enough', async () => {
    const run = runOutbox()
    run.server(() => 'down')
    await run.save('a', 'Hello')
    await run.pass(60_000)
    expect(await run.list()).toMatchObject([{ state: 'waiting', attempts: 0 }])
    run.server(() => 201)
    const at = run.clock.now()
    await run.outbox.drain('woken')
    expect(run.sent.at(-1)?.at).toBe(at)
    expect(await run.list()).toEqual([])
  })

  test('a Retry-After is never undercut', async () => {
    const run = runOutbox()
    run.server(() => Response.json({}, { status: 429, headers: { 'Retry-After': '120' } }))
    await run.save('a', 'Hello')
    await run.pass(119_000)
    expect(run.sent).toHaveLength(1)
    await run.pass(2_000)
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
    await rest()
    expect(await run.list()).toMatchObject([{ state: 'waiting' }])
  })

  test('a server that says nothing for 30 s has no answer', async () => {
    const run = runOutbox()
    run.server(() => 'silent')
    await run.save('a', 'Hello')
    await run.pass(29_000)
    expect(run.told('save_retry')).toEqual([])
    await run.pass(2_000)
    expect(run.told('save_retry')).toMatchObject([{ code: 'network_error', attempts: 0 }])
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
    await rest()
    expect(await run.list()).toEqual([])
  })

  test('respond: sent hands the real answer on, when it comes in time', async () => {
    const run = runOutbox({ route: { respond: 'sent' } })
    run.server(() => Response.json({ seq: 7 }, { status: 201 }))
    const response = await run.save('a', 'Hello')
    expect([response.status, await response.json()]).toEqual([201, { seq: 7 }])
  })

  test('respond: sent falls back to 202', async () => {
    const run = runOutbox({ route: { respond: 'sent', respondMs: 1_000 } })
    run.server(() => 'silent')
    const saving = run.save('a', 'Hello')
    await run.pass(1_500)
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
  test('400: the answer is kept, those behind go on, retry sends it', async () => {
    const run = runOutbox()
    run.server(({ body }) => (body.includes('bad') ? Response.json({ error: 'No' }, { status: 400 }) : 201))
    await run.save('a', 'bad')
    await run.save('a', 'good')
    await rest()
    const [dead] = await run.list()
    expect(dead).toMatchObject({ state: 'dead', code: 'upstream_error', attempts: 1 })
    expect(dead?.preview).toBe('400 {"error":"No"}')
    expect(run.seen()).toEqual(['a:bad', 'a:good'])
    run.server(() => 201)
    expect(await run.outbox.retry(dead?.id ?? '')).toBe(true)
    await rest()
    expect(await run.list()).toEqual([])
  })

  test('discard deletes, and says whether there was one', async () => {
    const run = runOutbox()
    run.server(() => 400)
    await run.save('a', 'Hello')
    await rest()
    const [dead] = await run.list()
    expect(await run.outbox.discard(dead?.id ?? '')).toBe(true)
    expect(await run.outbox.discard(dead?.id ?? '')).toBe(false)
    expect(await run.outbox.retry(dead?.id ?? '')).toBe(false)
    expect(run.storage.stored.size).toBe(0)
  })

  test('afterDead: hold blocks those behind it until it is gone', async () => {
    const run = runOutbox({ route: { afterDead: 'hold' } })
    run.server(() => 400)
    await run.save('a', '1')
    await run.save('a', '2')
    await rest()
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
    await run.pass(50_000)
    expect(run.told('save_dead')).toEqual([])
    await run.pass(120_000)
    expect(run.told('save_dead')).toMatchObject([{ code: 'network_error', attempts: 0 }])
  })
})

describe('credentials', () => {
  test('401 asks the page, burns no attempt, and holds its place', async () => {
    const run = runOutbox()
    run.server(() => 401)
    await run.save('a', '1')
    await run.save('a', '2')
    await run.pass(60_000)
    expect(await run.list()).toMatchObject([{ state: 'needs_auth', attempts: 0 }, { state: 'queued' }])
    expect(run.told('save_needs_auth')).toHaveLength(1)
    expect(run.questions[0]).toMatchObject({
      origin: 'https://app.test',
      conversation: '/api/sessions/a/messages',
    })
    expect(new Set(run.seen())).toEqual(new Set(['a:1']))
    run.server(() => 201)
    await run.outbox.drain('woken')
    expect(run.seen().slice(-2)).toEqual(['a:1', 'a:2'])
  })

  test('what the page gives is used at once', async () => {
    const run = runOutbox({ auth: () => ({ Authorization: 'Bearer new' }) })
    run.server(({ headers }) => (headers.authorization === 'Bearer new' ? 201 : 401))
    await run.save('a', 'Hello', { headers: { Authorization: 'Bearer old' } })
    await rest()
    expect(await run.list()).toEqual([])
    expect(run.told('save_sent')).toMatchObject([{ attempts: 1 }])
  })

  test.each([
    ['nothing to give', null],
    ['something, refused as well', { Authorization: 'Bearer new' }],
  ])('403 asks once: %s, dead', async (_name, given) => {
    const run = runOutbox({ auth: () => given })
    run.server(() => 403)
    await run.save('a', 'Hello')
    await rest()
    expect(await run.list()).toMatchObject([{ state: 'dead' }])
    expect(run.questions).toHaveLength(1)
    expect(run.sent).toHaveLength(given ? 2 : 1)
  })
})

describe('storage', () => {
  test('a worker that died while sending sends again, with the same key', async () => {
    const run = runOutbox()
    run.server(() => new Promise(() => {}))
    await run.save('a', 'Hello')
    await rest()
    const died = run.sent[0]?.headers['idempotency-key']
    expect(await run.list()).toMatchObject([{ state: 'sending' }])
    run.server(() => 201)
    // The dead worker's lock is free again.
    const again = run.restart({
      locks: { request: (_name: string, work: () => unknown) => work() } as LockManager,
    })
    await again.outbox.drain('woken')
    await rest()
    expect(run.sent.map(({ headers }) => headers['idempotency-key'])).toEqual([died, died])
    expect(await again.list()).toEqual([])
  })

  test('a lost index is put back from the messages', async () => {
    const run = runOutbox()
    run.server(() => 'down')
    for (const text of ['1', '2']) await run.save('a', text)
    await rest()
    await deleteDB(`streamkeeper ${run.scope}`)
    run.server(() => 201)
    const again = run.restart()
    await again.outbox.drain('woken')
    expect(run.told('outbox_restored')).toMatchObject([{ message: '2 saved messages were put back' }])
    expect(run.seen().slice(-2)).toEqual(['a:1', 'a:2'])
    expect(await again.list()).toEqual([])
  })

  test('secrets that cannot be unsealed any more need credentials again, in their place', async () => {
    const run = runOutbox({ auth: () => ({ Authorization: 'Bearer new' }) })
    run.server(() => 'down')
    await run.save('a', '1', { headers: { Authorization: 'Bearer old' } })
    await rest()
    await deleteDB(`streamkeeper ${run.scope}`)
    run.server(() => 201)
    const again = run.restart()
    await again.outbox.drain('woken')
    expect(run.sent.at(-1)?.headers.authorization).toBe('Bearer new')
    expect(run.told('save_needs_auth')).toHaveLength(1)
    expect(await again.list()).toEqual([])
  })

  test('a message without its body is a dead letter, unless it was being sent', async () => {
    const run = runOutbox()
    run.server(() => 'down')
    await run.save('a', '1')
    await rest()
    run.storage.stored.clear()
    await run.pass(10_000)
    expect(run.told('save_dead')).toMatchObject([{ code: 'storage_unavailable' }])
  })

  test('where storage is refused the request goes straight to the network, once, and leaves nothing behind', async () => {
    const run = runOutbox()
    run.storage.refuse(new DOMException('Full', 'QuotaExceededError'))
    run.server(() => Response.json({ seq: 1 }, { status: 201 }))
    const response = await run.save('a', 'Hello', { headers: { Authorization: 'Bearer s3cret' } })
    expect([response.status, await response.json()]).toEqual([201, { seq: 1 }])
    await run.pass(10_000)
    expect(run.sent).toHaveLength(1)
    expect(run.sent[0]?.headers.authorization).toBe('Bearer s3cret')
    expect(run.told('storage_degraded')).toHaveLength(1)
    expect(await run.list()).toEqual([])
  })

  test('storage that never answers is refused storage, after 3 s', async () => {
    const run = runOutbox({
      context: { caches: { open: () => new Promise(() => {}) } as unknown as CacheStorage },
    })
    const saving = run.save('a', 'Hello')
    await run.pass(9_000)
    expect((await saving).status).toBe(201)
    expect(run.sent).toHaveLength(1)
  })

  test('two workers over the same stores send each message once', async () => {
    const run = runOutbox()
    run.server(() => 'down')
    for (const text of ['1', '2', '3']) await run.save('a', text)
    await rest()
    const before = run.sent.length
    run.server(() => 201)
    const other = run.restart()
    await Promise.all([run.outbox.drain('woken'), other.outbox.drain('woken')])
    await run.pass(5_000)
    expect(run.seen().slice(before)).toEqual(['a:1', 'a:2', 'a:3'])
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
