import { beforeEach, describe, expect, test } from 'vitest'
import type { FakeClock } from '../../core/testing/fake-clock.ts'
import { createFakeDatabase, type FakeDatabase } from '../testing/fake-database.ts'
import { createQuietClock } from '../testing/quiet-clock.ts'
import { type Journal, openJournal, type Recorded } from './journal.ts'

const RECORD: Recorded = {
  requestId: 'r1',
  clientId: 'a',
  digest: 'd',
  url: 'https://api.example/v1/chat/completions',
  keep: 'disk',
  at: 1,
  principal: null,
  attempts: 1,
  bytes: 0,
  deliveredWhole: false,
}

let clock: FakeClock
let database: FakeDatabase
let refused: string[]

beforeEach(() => {
  clock = createQuietClock()
  database = createFakeDatabase()
  refused = []
})

function open(scope = 'https://app.example/'): Journal {
  return openJournal({ scope, clock, refused: (requestId) => refused.push(requestId) })
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

async function textOf(journal: Journal, requestId = 'r1'): Promise<string> {
  const batches = await journal.read(requestId)
  return batches.map((batch) => new TextDecoder().decode(batch)).join('')
}

test('a record is there as soon as it is flushed, for whoever comes next', async () => {
  const journal = open()
  journal.open({ ...RECORD }).touch()
  await journal.flush()
  expect(await open().load()).toEqual([RECORD])
  expect(await open('https://app.example/other/').load()).toEqual([])
})

test('bytes are written in batches by time, and read in their order', async () => {
  const journal = open()
  const entry = journal.open({ ...RECORD })
  entry.append(bytes('one '))
  entry.append(bytes('two '))
  await clock.advance(249)
  expect(await textOf(open())).toBe('')
  await clock.advance(1)
  expect(await textOf(open())).toBe('one two ')
  entry.append(bytes('three'))
  await clock.advance(250)
  expect(await textOf(open())).toBe('one two three')
  expect(await open().load()).toMatchObject([{ bytes: 13 }])
  expect(await database.readAll('streamkeeper answers https://app.example/', 'bytes')).toHaveLength(2)
})

test('while bytes come the record stays as it was, and a load counts what there is', async () => {
  const journal = open()
  const entry = journal.open({ ...RECORD })
  const stored = () => database.readAll('streamkeeper answers https://app.example/', 'answers')
  entry.touch()
  await journal.flush()
  for (const text of ['one ', 'two ']) {
    entry.append(bytes(text))
    await clock.advance(250)
  }
  expect(await stored()).toEqual([RECORD])
  expect(await open().load()).toEqual([{ ...RECORD, bytes: 8 }])
  entry.touch()
  await clock.advance(250)
  expect(await stored()).toEqual([{ ...RECORD, bytes: 8 }])
})

test('two responses do not mix', async () => {
  const journal = open()
  journal.open({ ...RECORD }).append(bytes('mine'))
  journal.open({ ...RECORD, requestId: 'r10' }).append(bytes('yours'))
  await clock.advance(250)
  expect([await textOf(journal), await textOf(journal, 'r10')]).toEqual(['mine', 'yours'])
})

test('what is removed is gone, also what was not written yet', async () => {
  const journal = open()
  const entry = journal.open({ ...RECORD })
  entry.append(bytes('secret'))
  await clock.advance(250)
  entry.append(bytes('more'))
  entry.remove()
  entry.append(bytes('after'))
  entry.touch()
  await clock.advance(1_000)
  expect(await textOf(open())).toBe('')
  expect(await open().load()).toEqual([])
})

test('a response of more than 16 MB is not kept on disk', async () => {
  const journal = open()
  const entry = journal.open({ ...RECORD })
  entry.append(new Uint8Array(16 * 1024 * 1024))
  await clock.advance(250)
  expect(await open().load()).toHaveLength(1)
  entry.append(bytes('x'))
  await clock.advance(250)
  expect(await open().load()).toEqual([])
  expect(refused).toEqual([])
})

test('a gap that the browser has made ends what can be read', async () => {
  const journal = open()
  const entry = journal.open({ ...RECORD, bytes: 4 })
  entry.append(bytes('late'))
  await clock.advance(250)
  expect(await textOf(open())).toBe('')
})

describe('storage that', () => {
  test('refuses has no response, and says so once for each', async () => {
    database.fault = () => new DOMException('No room', 'QuotaExceededError')
    const journal = open()
    const entry = journal.open({ ...RECORD })
    entry.touch()
    await journal.flush()
    entry.append(bytes('x'))
    await clock.advance(1_000)
    expect(refused).toEqual(['r1'])
  })

  test('hangs does so for three seconds', async () => {
    database.fault = () => 'hang'
    const journal = open()
    journal.open({ ...RECORD }).touch()
    const flushed = journal.flush()
    const loading = expect(journal.load()).rejects.toThrow('in time')
    await clock.advance(3_000)
    await flushed
    await loading
    expect(refused).toEqual(['r1'])
  })

  test('comes back has no half of a response', async () => {
    const journal = open()
    const entry = journal.open({ ...RECORD })
    entry.append(bytes('first '))
    await clock.advance(250)
    database.loseAll()
    database.fault = () => new Error('broken')
    database.close(database.owner)
    entry.append(bytes('second '))
    await clock.advance(250)
    database.fault = () => undefined
    entry.append(bytes('third'))
    await clock.advance(1_000)
    expect(await textOf(open())).toBe('')
    expect(await open().load()).toEqual([])
  })
})
