import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { sqliteStore } from '../node/sqlite-store.ts'
import { describeStore } from '../testing/store-contract.ts'
import { memoryStore } from './memory-store.ts'

describeStore('memoryStore()', () => ({ store: memoryStore() }))

describeStore('sqliteStore()', () => {
  const folder = mkdtempSync(join(tmpdir(), 'streams-'))
  const store = sqliteStore(join(folder, 'streams.db'))
  const other = sqliteStore(join(folder, 'streams.db'))
  const close = () => {
    store.close()
    other.close()
    rmSync(folder, { recursive: true })
  }
  return { store, other, close }
})

const NEW = { owner: 'ann', info: '{}', ttlMs: 60_000 }

test.each(['memoryStore', 'sqliteStore'])(
  'an ended stream is removed after its time, one that goes on is not, though the clock jumps: %s',
  async (name) => {
    const clock = createFakeClock()
    const store = name === 'memoryStore' ? memoryStore(clock) : sqliteStore(':memory:', clock)
    await store.create({ ...NEW, id: 'ended' })
    await store.create({ ...NEW, id: 'open' })
    await store.write('ended', 1, { isEnd: true })
    await clock.advance(59_000)
    expect(await store.read('ended', 0, 0)).toBeDefined()
    clock.jump(10 * 365 * 86_400_000)
    expect(await store.write('open', 1, {})).toBe(true)
    // Found to have expired, and found so again.
    await clock.advance(61_000)
    await store.read('ended', 0, 0)
    await clock.advance(61_000)
    expect(await store.read('ended', 0, 0)).toBeUndefined()
    expect(await store.read('open', 0, 0)).toBeDefined()
    clock.jump(10 * 365 * 86_400_000)
    await clock.advance(120_000)
    expect(await store.read('open', 0, 0)).toBeDefined()
  },
)

test('a stream that is being read here is not removed, though the clock jumps: sqliteStore', async () => {
  const clock = createFakeClock()
  const store = sqliteStore(':memory:', clock)
  await store.create({ ...NEW, id: 'read' })
  await store.write('read', 1, { isEnd: true })
  const leave = store.watch('read', () => {})
  clock.jump(7_200_000)
  await clock.advance(61_000)
  for (let minutes = 0; minutes < 3; minutes++) {
    expect(await store.read('read', 0, 0)).toBeDefined()
    await clock.advance(61_000)
  }
  leave()
  // Whoever reads it elsewhere has a minute.
  expect(await store.read('read', 0, 0)).toBeDefined()
  await clock.advance(61_000)
  await store.read('read', 0, 0)
  expect(await store.read('read', 0, 0)).toBeUndefined()
})

test('an open stream that nobody writes to is removed in the end: sqliteStore', async () => {
  const clock = createFakeClock()
  const store = sqliteStore(':memory:', clock)
  await store.create({ ...NEW, id: 'lost' })
  for (let minutes = 0; minutes < 70; minutes++) {
    await clock.advance(60_000)
    await store.read('lost', 0, 0)
  }
  expect(await store.read('lost', 0, 0)).toBeUndefined()
})

test('two processes that open a new SQLite file at the same moment both can', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'streams-'))
  const paths = Array.from({ length: 40 }, (_, index) => join(folder, `${index}.db`))
  const args = [join(import.meta.dirname, '../testing/open-sqlite.ts'), `${Date.now() + 1_000}`, ...paths]
  const run = promisify(execFile)
  const processes = await Promise.all([run(process.execPath, args), run(process.execPath, args)])
  expect(processes.map(({ stdout }) => stdout.trim())).toEqual(['[]', '[]'])
  for (const path of paths) {
    const store = sqliteStore(path)
    expect(await store.list('ann')).toHaveLength(2)
    store.close()
  }
  rmSync(folder, { recursive: true })
})
