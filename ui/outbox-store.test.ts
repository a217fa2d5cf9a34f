import { expect, test, vi } from 'vitest'
import type { Keeper, OutboxEntry, Snapshot, Status } from '../client/index.ts'
import { createStatusStore } from '../client/status-store.ts'
import { createOutboxStore } from './outbox-store.ts'

/** A keeper whose outbox holds what the test puts there; `asked` is what the worker was asked for. */
function createKeeper({ state = 'controlling' as Keeper['state'] } = {}) {
  const store = createStatusStore()
  store.set({ state })
  const entries = new Map<string, OutboxEntry>()
  const bodies = new Map<string, string>()
  const asked: string[] = []
  let isAway = false
  const ask = <Given>(call: string, give: () => Given): Promise<Given> => {
    asked.push(call)
    return isAway ? Promise.reject(new Error('No answer')) : Promise.resolve().then(give)
  }
  const keeper = {
    ...store,
    get state() {
      return store.getSnapshot().state
    },
    outbox: {
      list: () => ask('list', () => [...entries.values()]),
      body: (id: string) =>
        ask(`body ${id}`, () => (bodies.has(id) ? new Blob([bodies.get(id) ?? '']) : null)),
      retry: (id: string) => ask(`retry ${id}`, () => remove(id)),
      discard: (id: string) => ask(`discard ${id}`, () => remove(id)),
      flush: () => ask('flush', () => entries.clear()),
    },
  } as unknown as Keeper

  const remove = (id: string) => entries.delete(id)
  return {
    keeper,
    asked,
    remove,
    put: (id: string, body: unknown = { content: id }, more: Partial<OutboxEntry> = {}) => {
      bodies.set(id, typeof body === 'string' ? body : JSON.stringify(body))
      const url = 'https://app.example/api/sessions/c/messages'
      const common = { conversation: 'c', url, method: 'POST', createdAt: 0, attempts: 0 } as const
      entries.set(id, { id, state: 'queued', ...common, ...more })
    },
    forget: (id: string) => void bodies.delete(id),
    away: (away: boolean) => void (isAway = away),
    set: (change: Partial<Snapshot>) => store.set(change),
    emit: (status: Status['status'], more: object = {}) =>
      store.receive({
        status,
        at: 0,
        own: true,
        entryId: 'e',
        conversation: 'c',
        attempts: 0,
        ...more,
      } as Status),
  }
}

/** Ends when everything that has been asked for has been answered. */
async function settled(): Promise<void> {
  for (let admission = 0; admission < 30; admission++) await Promise.resolve().then(() => undefined)
  await new Promise(setImmediate)
  await new Promise(setImmediate)
}

test('an outbox store lists what is waiting, with the text of each message', async () => {
  const { keeper, put } = createKeeper()
  put('a', { content: 'Hello' })
  put('b', { parts: [{ type: 'text', text: 'Good ' }, { type: 'file' }, { type: 'text', text: 'bye' }] })
  const store = createOutboxStore(keeper)
  await store.refresh()
  expect(store.getSnapshot().map(({ id, content }) => [id, content])).toEqual([
    ['a', 'Hello'],
    ['b', 'Good bye'],
  ])
})

test.each([
  [{ content: 'Hello' }, 'Hello'],
  [{ content: [{ text: 'Hel' }, { image: 'x' }, { text: 'lo' }] }, 'Hello'],
  [{ content: '', parts: [{ text: 'Hello' }] }, 'Hello'],
  [{ text: 'Hello' }, 'Hello'],
  [{ message: 'Hello' }, 'Hello'],
  [{ content: [null, 'no part', { text: 'Hello' }] }, 'Hello'],
  [{ title: 'Hello' }, ''],
  [null, ''],
  ['Hello', ''],
  ['', ''],
])('the text of %j is %j', async (body, text) => {
  const { keeper, put } = createKeeper()
  put('a', body === null ? 'null' : body)
  const store = createOutboxStore(keeper)
  await store.refresh()
  expect(store.getSnapshot()).toMatchObject([{ id: 'a', content: text }])
})

test('it reads while somebody listens: at once, at every status of a save, and no more after the last has gone', async () => {
  const { keeper, put, emit, asked } = createKeeper()
  const store = createOutboxStore(keeper)
  await settled()
  expect(asked).toEqual([])
  let changes = 0
  const stop = store.subscribe(() => changes++)
  await settled()
  put('a')
  emit('save_queued')
  await settled()
  expect([changes, store.getSnapshot().length]).toEqual([1, 1])
  stop()
  put('b')
  emit('save_queued')
  await settled()
  expect([changes, store.getSnapshot().length]).toEqual([1, 1])
})

test('the same listener may subscribe twice, and is left once', async () => {
  const { keeper, put } = createKeeper()
  const store = createOutboxStore(keeper)
  let changes = 0
  const listener = () => void changes++
  const stop = store.subscribe(listener)
  store.subscribe(listener)
  stop()
  put('a')
  await store.refresh()
  expect(changes).toBe(1)
})

test('statuses of chats ask the worker for nothing', async () => {
  const { keeper, emit, asked } = createKeeper()
  createOutboxStore(keeper).subscribe(() => undefined)
  await settled()
  asked.length = 0
  emit('request_started', { requestId: 'r', url: '', reasoning: false })
  emit('first_output', { requestId: 'r', ttfbMs: 1, ttftMs: 1, attempt: 1 })
  await settled()
  expect(asked).toEqual([])
})

test('what another tab deletes is gone here too: the counts of the keeper say so', async () => {
  const { keeper, put, remove, set } = createKeeper()
  put('a')
  set({ outbox: { queued: 1, needsAuth: 0, dead: 0 } })
  const store = createOutboxStore(keeper)
  store.subscribe(() => undefined)
  await settled()
  remove('a')
  set({ outbox: { queued: 0, needsAuth: 0, dead: 0 } })
  await settled()
  expect(store.getSnapshot()).toEqual([])
})

test('each body is read once, however often the outbox changes', async () => {
  const { keeper, put, emit, asked } = createKeeper()
  put('a')
  const store = createOutboxStore(keeper)
  store.subscribe(() => undefined)
  await settled()
  for (const attempts of [1, 2, 3]) {
    put('a', { content: 'a' }, { attempts, state: 'waiting' })
    emit('save_retry')
    await settled()
  }
  expect(store.getSnapshot()).toMatchObject([{ attempts: 3, content: 'a' }])
  expect(asked.filter((call) => call.startsWith('body'))).toEqual(['body a'])
})

test('many changes at once are read at most twice, and the last one is seen', async () => {
  const { keeper, put, asked } = createKeeper()
  const store = createOutboxStore(keeper)
  const first = store.refresh()
  put('a')
  await Promise.all([first, ...Array.from({ length: 50 }, () => store.refresh())])
  expect(asked.filter((call) => call === 'list')).toHaveLength(2)
  expect(store.getSnapshot()).toHaveLength(1)
})

test('the snapshot is the same array until something has changed', async () => {
  const { keeper, put } = createKeeper()
  const store = createOutboxStore(keeper)
  const before = store.getSnapshot()
  await store.refresh()
  expect(store.getSnapshot()).toBe(before)
  put('a')
  await store.refresh()
  const first = store.getSnapshot()
  await store.refresh()
  expect(store.getSnapshot()).toBe(first)
  put('a', undefined, { attempts: 1 })
  await store.refresh()
  expect(store.getSnapshot()).not.toBe(first)
})

test.each(['retry', 'discard'] as const)('%s() resolves when the list no longer has it', async (action) => {
  const { keeper, put, asked } = createKeeper()
  put('a')
  put('b')
  const store = createOutboxStore(keeper)
  await store.refresh()
  await store[action]('a')
  expect(asked).toContain(`${action} a`)
  expect(store.getSnapshot()).toMatchObject([{ id: 'b' }])
})

test('flush() resolves when the list is what the worker has left', async () => {
  const { keeper, put } = createKeeper()
  put('a')
  const store = createOutboxStore(keeper)
  await store.refresh()
  await store.flush()
  expect(store.getSnapshot()).toEqual([])
})

test('without a worker it is empty, and nobody is asked; when one comes it is read', async () => {
  const { keeper, put, set, asked } = createKeeper({ state: 'starting' })
  put('a')
  const store = createOutboxStore(keeper)
  store.subscribe(() => undefined)
  await settled()
  expect([store.getSnapshot(), asked]).toEqual([[], []])
  set({ state: 'controlling' })
  await settled()
  expect(store.getSnapshot()).toHaveLength(1)
  set({ state: 'fallback' })
  await settled()
  expect(store.getSnapshot()).toEqual([])
})

test('a worker that does not respond changes nothing, and refresh() does not reject', async () => {
  const { keeper, put, away } = createKeeper()
  put('a')
  const store = createOutboxStore(keeper)
  await store.refresh()
  away(true)
  await store.refresh()
  expect(store.getSnapshot()).toHaveLength(1)
  await expect(store.retry('a')).rejects.toThrow('No answer')
})

test('a message whose body the browser has lost is listed all the same: a person must know of it', async () => {
  const { keeper, put, forget } = createKeeper()
  put('a', undefined, { state: 'dead', code: 'storage_unavailable' })
  put('b')
  forget('a')
  const store = createOutboxStore(keeper)
  await store.refresh()
  expect(store.getSnapshot()).toMatchObject([
    { id: 'a', state: 'dead', content: '' },
    { id: 'b', content: 'b' },
  ])
})

test('read() gives a list its own content', async () => {
  const { keeper, put } = createKeeper()
  put('a', { id: 7 })
  const read = async (body: Blob) => (JSON.parse(await body.text()) as { id: number }).id
  const store = createOutboxStore(keeper, { read })
  await store.refresh()
  expect(store.getSnapshot()).toMatchObject([{ id: 'a', content: 7 }])
})

test.each<[string, (body: Blob) => number | Promise<number>]>([
  ['throws', ({ size }) => (size === 1 ? 7 : JSON.parse('no JSON'))],
  ['rejects', async (body) => JSON.parse(await body.text())],
])('a message whose read() %s hides no other, and its fault is reported once', async (_how, read) => {
  const reported: unknown[] = []
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
  const { keeper, put, emit } = createKeeper()
  put('a', 'no JSON')
  put('b', '7')
  const store = createOutboxStore(keeper, { read })
  store.subscribe(() => undefined)
  await settled()
  emit('save_retry')
  await settled()
  expect(store.getSnapshot()).toMatchObject([{ id: 'a' }, { id: 'b', content: 7 }])
  expect(store.getSnapshot()[0]?.content).toBeUndefined()
  expect(reported).toEqual([expect.any(SyntaxError)])
  vi.unstubAllGlobals()
})

test('a refresh() that is called while another ends reads again', async () => {
  for (let delay = 0; delay < 8; delay++) {
    const { keeper, put, remove } = createKeeper()
    put('a')
    const store = createOutboxStore(keeper)
    let refreshed: Promise<void> | undefined
    const stop = store.subscribe(() => {
      stop()
      refreshed = (async () => {
        for (let passed = 0; passed < delay; passed++) await Promise.resolve()
        remove('a')
        await store.refresh()
      })()
    })
    await settled()
    await refreshed
    expect(store.getSnapshot()).toEqual([])
  }
})
