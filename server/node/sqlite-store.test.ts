import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { sqliteStore, type SqliteStore } from './sqlite-store.ts'

const NEW = { owner: 'ann', info: '{}', ttlMs: 60_000 }

let folder: string
let path: string
let store: SqliteStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
  path = join(folder, 'streams.db')
  store = sqliteStore(path)
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

test('a write that is not stored, for the disk is full, throws: of bytes, of a record, and a new stream', async () => {
  // The limit on the size of files is the shell's; without the signal it is an error.
  const script = join(import.meta.dirname, '../testing/fill-sqlite.ts')
  const command = `ulimit -f 1500; exec "${process.execPath}" "${script}" "${join(folder, 'full.db')}"`
  const { stdout } = await promisify(execFile)('/bin/bash', ['-c', command])
  expect(JSON.parse(stdout)).toEqual({ isFull: true, untrue: [] })
})

describe('a stream of which rows are missing', () => {
  test.each([
    ['the first', 0, ''],
    ['one between', 2, 'piece 0;piece 1;'],
    ['the last', 4, 'piece 0;piece 1;piece 2;piece 3;'],
  ])('is given out up to there, and then fails: %s', async (_which, lost, before) => {
    await store.create({ ...NEW, id: 'gap' })
    for (let piece = 0; piece < 5; piece++) {
      await store.write('gap', piece + 1, { bytes: new TextEncoder().encode(`piece ${piece};`) })
    }
    const database = new DatabaseSync(path)
    database.prepare('DELETE FROM pieces WHERE until = ?').run((lost + 1) * 8)
    database.close()
    if (before) {
      const stored = await store.read('gap', 0, 1_000)
      expect(new TextDecoder().decode(stored?.bytes)).toBe(before)
    }
    await expect(store.read('gap', before.length, 1_000)).rejects.toMatchObject({ name: 'DataLostError' })
    expect(await store.read('gap', 0, 0)).toMatchObject({ length: 40 })
  })
})

test('all that has expired is removed, however much of it there is', async () => {
  const clock = createFakeClock()
  const busy = sqliteStore(':memory:', clock)
  for (let count = 0; count < 3_000; count++) {
    await busy.create({ ...NEW, id: `${count}` })
    await busy.write(`${count}`, 1, { isEnd: true })
  }
  // Open ones stay, and are not in the way.
  for (let found = 0; found < 2; found++) {
    await clock.advance(120_000)
    for (let reads = 0; reads < 200; reads++) await busy.read('none', 0, 0)
  }
  expect(await busy.list('ann')).toEqual([])
  busy.close()
})

test('of an expired stream that another process has removed nothing is remembered', async () => {
  const clock = createFakeClock()
  const busy = sqliteStore(path, clock)
  const expire = async () => {
    await busy.create({ ...NEW, id: 'a' })
    await busy.write('a', 1, { isEnd: true })
    await clock.advance(120_000)
    await busy.read('none', 0, 0)
  }
  await expire()
  await store.delete('a')
  await clock.advance(60_000)
  await busy.read('none', 0, 0)
  // One that looks the same has not been found before.
  await expire()
  expect(await busy.read('a', 0, 0)).toBeDefined()
  busy.close()
})

test('a file that another process has locked blocks nobody, and is written to as soon as it is free', async () => {
  await store.create({ ...NEW, id: 'a' })
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  const since = performance.now()
  const writing = store.write('a', 1, { bytes: new Uint8Array(1) })
  const adding = store.create({ ...NEW, id: 'b' })
  const removing = store.delete('none')
  expect(performance.now() - since).toBeLessThan(500)
  other.exec('ROLLBACK')
  expect(await writing).toBe(true)
  expect(await adding).toBe('b')
  await removing
  other.close()
})

test('a file that stays locked is an error in the end', async () => {
  await store.create({ ...NEW, id: 'a' })
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  await expect(store.write('a', 1, {})).rejects.toThrow('locked')
  other.close()
})

test('a file without a name is a TypeError: SQLite would remove it at the end', () => {
  expect(() => sqliteStore('')).toThrow('Wrong option path: got "", takes a file, or ":memory:"')
})
