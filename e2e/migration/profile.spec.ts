import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type App, CHAT, SAVES } from '../support/app.ts'
import { expect, test } from '../support/own-site.ts'
import type { TestServer } from '../support/test-server.ts'
import { readOldWorker } from './old-worker.ts'
import { type Profile, putBack } from './profile.ts'

const OPTIONS = { saves: [SAVES], chat: [CHAT] }

/** The data that 0.1.0's worker has written, by `take-profile.ts`. */
const text = await readFile(resolve(import.meta.dirname, 'profile-0.1.0.json'), 'utf8')
const KEPT = JSON.parse(text) as Profile

/** The profile without those of its databases, and the stores in them, that match. */
function without(lost: RegExp): Profile {
  const databases = KEPT.databases.map(({ name, stores }) => ({
    name,
    stores: stores.map((store) => (lost.test(`${name} ${store.name}`) ? { ...store, records: [] } : store)),
  }))
  return { ...KEPT, databases }
}

/** The page is opened where the worker of 0.1.0 was in mid-work when its browser was closed. */
async function open(app: App, profile: Profile) {
  await app.open()
  await app.evaluate(putBack, profile)
  await app.start(OPTIONS)
}

const keysOfProfile = KEPT.caches.flatMap(({ entries }) =>
  entries.map(({ headers }) => {
    const record = headers['x-streamkeeper-record'] as { headers: [string, string][] }
    return record.headers.find(([name]) => name === 'Idempotency-Key')?.[1]
  }),
)

/** All that has reached the history, in its order. */
async function arrived(server: TestServer) {
  const sessions = ['first', 'second', 'third', 'refused']
  const lists = await Promise.all(sessions.map((session) => server.messages(session)))
  return lists.map((messages) => messages.map(({ id }) => id))
}

const ALL = [['1', '2', '3', '4'], ['5', '6'], ['7'], []]

test('what 0.1.0 has queued and kept as data is sent once, in order, with its secrets and keys', async ({
  app,
  server,
}) => {
  await open(app, KEPT)
  await expect.poll(() => arrived(server)).toEqual(ALL)
  const sends = server.received()
  // The dead letter stays one.
  const [, ...keys] = keysOfProfile
  expect(sends).toHaveLength(keys.length)
  expect(new Set(sends.map(({ key }) => key))).toEqual(new Set(keys))
  expect(sends.filter(({ authorization }) => authorization).map(({ message }) => message)).toEqual(['2'])
  await expect.poll(app.outbox).toMatchObject([{ state: 'dead', preview: expect.stringContaining('400') }])
  const [letter] = await app.outbox()
  expect(await app.bodyOf(letter?.id ?? '')).toMatchObject({ content: 'Message dead — über alles' })
  await app.evaluate((id) => window.e2e.keeper?.outbox.retry(id), letter?.id ?? '')
  await expect.poll(() => server.messages('refused')).toMatchObject([{ id: 'dead' }])
})

for (const [loss, lost] of [
  ['its keys', /streamkeeper \{origin\}\/ keys$/],
  ['its whole index', /streamkeeper \{origin\}\//],
] as const) {
  test(`what 0.1.0 has queued outlives the loss of ${loss}: what needs a token waits for it, what lost its query is told`, async ({
    app,
    server,
  }) => {
    await open(app, without(lost))
    await expect.poll(() => arrived(server)).toEqual([['1'], ['5', '6'], ['7'], expect.anything()])
    await expect.poll(app.outbox).toContainEqual(expect.objectContaining({ state: 'needs_auth' }))
    await app.evaluate(() =>
      window.e2e.keeper?.provideAuth(async () => ({ Authorization: 'Bearer demo-token' })),
    )
    await expect.poll(async () => (await arrived(server))[0]).toEqual(['1', '2', '4'])
    const left = async () => (await app.outbox()).filter(({ conversation }) => conversation.includes('first'))
    await expect.poll(left).toMatchObject([{ state: 'dead', code: 'storage_unavailable' }])
    const [letter] = await left()
    expect(await app.bodyOf(letter?.id ?? '')).toMatchObject({ id: '3' })
    const keys = server.received().map(({ key }) => key)
    expect(keysOfProfile).toEqual(expect.arrayContaining(keys))
    expect(keys).toEqual([...new Set(keys)])
  })
}

test('a stream that was open under 0.1.0 gives all that its journal has, and then the cut', async ({
  app,
}) => {
  await open(app, KEPT)
  const streams = () => app.evaluate(async () => (await window.e2e.keeper?.streams()) ?? [])
  await expect.poll(streams).toMatchObject([{ requestId: 'open-stream' }])
  const stores = KEPT.databases.flatMap(({ stores }) => stores)
  const records = stores.find(({ name }) => name === 'bytes')?.records ?? []
  const kept = records.map(({ value }) => (value as { text: string }).text).join('')
  const reading = await app.call('/__streamkeeper/streams/open-stream', { method: 'GET' })
  const { chunks, state } = await reading.ended()
  const read = chunks.map(({ text: each }) => each).join('')
  expect(read.slice(0, kept.length)).toBe(kept)
  expect(read.slice(kept.length)).toContain('error')
  expect(state).toBe('failed')
})

test('a worker of 0.1.0 with an open stream and queued messages is taken over without loss', async ({
  app,
  server,
  ownSite,
}) => {
  const file = join(ownSite, 'streamkeeper-sw.js')
  const own = await readFile(file)
  await writeFile(file, await readOldWorker())
  await app.start(OPTIONS)
  await app.evaluate(() => window.e2e.keeper?.setPrincipal('ada'))
  await server.behave({ mode: 'fail', status: 503 })
  for (const id of ['1', '2', '3']) await app.save('first', id)
  await app.told('save_retry')
  const chat = await app.chat({ steps: [], answer: { tokens: 90, tokensPerSecond: 30 } })
  await chat.begun()
  await writeFile(file, own)
  await app.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update())
  await app.told('worker_waiting')
  expect(await app.statuses('worker_updated')).toEqual([])
  await app.save('first', '4')
  // The stream ends whole under the old one, which is asked for it once; then the new one sends.
  expect((await chat.ended()).state).toBe('whole')
  await app.told('worker_updated')
  expect(await chat.log()).toHaveLength(1)
  await server.behave({ mode: 'ok' })
  await app.flush()
  await expect.poll(() => server.messages('first')).toMatchObject(['1', '2', '3', '4'].map((id) => ({ id })))
  expect(new Set(server.received().map(({ key }) => key)).size).toBe(4)
})
