import { describe, expect, test } from 'vitest'
import { responses } from '../../core/testing/scripted-upstream.ts'
import { runOutbox } from '../testing/run-outbox.ts'

const names = (count: number) => Array.from({ length: count }, (_, n) => `hangs${n}`)
const isHanging = (path: string) => path.includes('hangs')

/** The first `fails` tries of each message get a 503; what hangs says nothing. */
function runHanging({ fails = 2, ...options }: Parameters<typeof runOutbox>[0] & { fails?: number } = {}) {
  const run = runOutbox(options)
  run.server(({ path, body }) => {
    if (isHanging(path)) return 'silent'
    return run.sent.filter((each) => each.path === path && each.body === body).length <= fails ? 503 : 201
  })
  const triesOf = (session: string) =>
    run.sent.filter(({ path }) => path.includes(`/${session}/`)).map(({ at }) => at)
  return { ...run, triesOf }
}

/** True once it has resolved. */
function watch(task: Promise<unknown>) {
  const watched = { isOver: false }
  void task.then(() => (watched.isOver = true))
  return watched
}

describe('a conversation that hangs', () => {
  test.each([1, 2, 3])('however many (%i), delays no retry of another', async (count) => {
    const run = runHanging()
    for (const name of names(count)) await run.save(name, 'never')
    await run.save('a', 'm1')
    await run.save('b', 'm1')
    await run.device.advance(9_000)
    await run.save('c', 'm1')
    await run.device.advance(9_000)
    expect(['a', 'b', 'c'].map(run.triesOf)).toEqual([
      [0, 1_000, 3_000],
      [0, 1_000, 3_000],
      [9_000, 10_000, 12_000],
    ])
  })

  test('is tried again by itself, and once at a time', async () => {
    const run = runHanging()
    for (const name of names(2)) {
      await run.save(name, 'never')
      await run.device.advance(7_000)
    }
    await run.device.advance(60_000)
    expect(run.triesOf('hangs0')).toEqual([0, 31_000, 63_000])
    expect(run.triesOf('hangs1')).toEqual([7_000, 38_000, 70_000])
  })

  test('keeps the order of the conversations whose retries it does not delay', async () => {
    const run = runHanging({ fails: 1 })
    await run.save('hangs', 'never')
    for (const text of ['m1', 'm2', 'm3']) await run.save('a', text)
    await run.device.advance(4_000)
    expect(run.seen()).toEqual(['hangs:never', 'a:m1', 'a:m1', 'a:m2', 'a:m2', 'a:m3', 'a:m3'])
  })

  test('lets no other wait beyond its age', async () => {
    const run = runHanging({ fails: Infinity, context: { maxAgeMs: 4_000 } })
    await run.save('hangs', 'never')
    await run.save('a', 'm1')
    await run.device.advance(4_100)
    expect(await run.list()).toMatchObject([{ state: 'sending' }, { state: 'dead', code: 'overloaded' }])
    expect(run.emitted('save_dead')).toMatchObject([{ at: 4_000 }])
  })

  test('is not waited for twice: a flush ends when all that it began is tried', async () => {
    const run = runHanging()
    for (const name of names(2)) {
      await run.save(name, 'never')
      await run.device.advance(7_000)
    }
    await run.save('a', 'm1')
    await run.device.advance(6_000)
    // Both hang, in turns, for ever: one of them always does.
    const flushed = watch(run.outbox.drain('flush'))
    await run.device.advance(60_000)
    expect(flushed.isOver).toBe(true)
    const again = watch(run.outbox.drain('flush'))
    await run.device.advance(1_000)
    expect(again.isOver).toBe(false)
    await run.device.advance(60_000)
    expect(again.isOver).toBe(true)
  })

  test('lets none of its kind starve: each is tried about as often as the others', async () => {
    const run = runHanging()
    for (const name of names(30)) await run.save(name, 'never')
    await run.device.advance(900_000)
    const tries = names(30).map((name) => run.triesOf(name).length)
    expect(Math.max(...tries) - Math.min(...tries)).toBeLessThanOrEqual(2)
  })

  test.each([4, 14, 30])('%i of them, and a flush ends when each has been tried', async (count) => {
    const run = runHanging()
    for (const name of names(count)) await run.save(name, 'never')
    const flushed = watch(run.outbox.drain('flush'))
    for (let waited = 0; waited < 40 && !flushed.isOver; waited++) await run.device.advance(30_000)
    expect(flushed.isOver).toBe(true)
    expect(new Set(run.sent.map(({ path }) => path)).size).toBe(count)
    // Four at a time, and not one after the other with all their retries.
    expect(run.sent.length).toBeLessThan(2 * count + 8)
    expect(run.device.upstream.mostOpen()).toBe(4)
  })

  test('lets a page that comes meanwhile have back what the index has lost', async () => {
    const run = runHanging({ fails: 0 })
    await run.save('hangs', 'never')
    run.server(({ path }) => (isHanging(path) ? 'silent' : 503))
    await run.save('a', 'm1')
    await run.device.advance(100)
    run.server(({ path }) => (isHanging(path) ? 'silent' : 201))
    const lost = (await run.device.entries()).find(({ conversation }) => conversation.includes('/a/'))
    await run.device.database.remove('streamkeeper https://app.example/', 'entries', lost?.id ?? '')
    void run.outbox.drain('woken')
    await run.device.advance(100)
    expect(run.triesOf('a')).toHaveLength(2)
  })
})

test('a conversation whose page never answers delays no retry of another', async () => {
  const run = runHanging()
  run.device.askAuth = () => new Promise(() => {})
  const server = run.device.upstream.otherwise
  run.device.upstream.otherwise = (received) =>
    received.path.includes('asks') ? responses(401) : server(received)
  await run.save('asks', 'm1')
  await run.save('a', 'm1')
  await run.device.advance(9_000)
  expect(run.triesOf('a')).toEqual([0, 1_000, 3_000])
})

describe('discard() of a message that is being sent', () => {
  test('ends the send, and the next of its conversation goes', async () => {
    const run = runHanging({ fails: 0 })
    await run.save('hangs', 'never')
    await run.device.advance(400)
    run.server(() => 201)
    await run.save('hangs', 'next')
    const [entry] = await run.list()
    expect(await run.outbox.discard(entry?.id ?? '')).toBe(true)
    const flushed = watch(run.outbox.drain('flush'))
    await run.device.advance(0)
    expect(run.sent[0]?.signal.aborted).toBe(true)
    expect(run.seen()).toEqual(['hangs:never', 'hangs:next'])
    expect([flushed.isOver, await run.list()]).toEqual([true, []])
    expect(run.emitted('save_retry').concat(run.emitted('save_dead'))).toEqual([])
  })

  test('frees its place for other conversations', async () => {
    const run = runHanging({ fails: 0 })
    for (const name of names(4)) await run.save(name, 'never')
    await run.save('a', 'm1')
    await run.device.advance(500)
    expect(run.triesOf('a')).toEqual([])
    for (const { id, state } of await run.list()) if (state === 'sending') await run.outbox.discard(id)
    await run.device.advance(0)
    expect(run.triesOf('a')).toEqual([500])
  })
})
