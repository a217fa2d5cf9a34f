import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deferred } from '../../core/deferred.ts'
import type { StreamStore } from '../stores/store.ts'

export interface OpenedStore {
  store: StreamStore
  /** Another process's view of the same data. */
  other?: StreamStore
  /** True if `store` is told of writes by `other`; default yes. */
  hearsOthers?: boolean
  /** Resolves when a watcher would hear. */
  ready?: () => Promise<unknown>
  close?: () => unknown
}

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

/** What every store promises. */
export function describeStore(name: string, open: () => Promise<OpenedStore> | OpenedStore): void {
  describe(`${name} as a store`, () => {
    let opened: OpenedStore
    let count = 0
    beforeAll(async () => void (opened = await open()))
    afterAll(async () => void (await opened?.close?.()))
    const store = () => opened.store
    const newId = () => `${Date.now().toString(16)}${(count++).toString(16).padStart(8, '0')}`

    const add = async (more: { owner?: string; conversation?: string; key?: string } = {}) => {
      const id = newId()
      const stream = { id, owner: 'ann', info: '{"a":1}', ttlMs: 60_000, ...more }
      expect(await store().create(stream)).toBe(id)
      return id
    }

    test('a new stream has no bytes and version 1', async () => {
      const id = await add()
      const stored = await store().read(id, 0, 100)
      expect(stored).toMatchObject({ version: 1, length: 0, info: '{"a":1}' })
      expect(stored?.bytes).toHaveLength(0)
    })

    test('an id is taken once', async () => {
      const id = await add()
      await expect(store().create({ id, owner: 'ann', info: '{}', ttlMs: 60_000 })).rejects.toThrow('taken')
    })

    test('names may be any text, and two that differ are two', async () => {
      const names = ['\ud800', '\ud801', '\udfff x', '\ufffd', '"\\', 'a:b/%', 'a%3Ab/%25', 'a\0b', '']
      const [ann, bob] = [newId(), newId()]
      for (const name of names) {
        const owner = `${ann} ${name}`
        const id = await add({ owner, conversation: name, key: name })
        expect(await store().list(owner, name)).toEqual([id])
        // And no two are one.
        const other = await add({ owner: bob, conversation: name, key: name })
        expect(await store().list(bob, name)).toEqual([other])
        expect(await store().list(owner)).toEqual([id])
      }
    })

    test('bytes are read from any position, across the borders of writes', async () => {
      const id = await add()
      const text = 'The quick brown fox jumps over the lazy dog'
      let version = 1
      for (const word of text.split(/(?<= )/)) {
        expect(await store().write(id, version, { bytes: bytesOf(word) })).toBe(true)
        version++
      }
      for (let from = 0; from <= text.length; from++) {
        let read = ''
        while (from + read.length < text.length) {
          const stored = await store().read(id, from + read.length, 7)
          expect(stored?.bytes.length).toBeGreaterThan(0)
          expect(stored?.bytes.length).toBeLessThanOrEqual(7)
          read += textOf(stored?.bytes)
        }
        expect(read).toBe(text.slice(from))
      }
      expect(await store().read(id, 0, 0)).toMatchObject({ length: text.length, version })
      expect((await store().read(id, text.length + 5, 10))?.bytes).toHaveLength(0)
    })

    test('every byte value comes back as it was', async () => {
      const id = await add()
      const all = Uint8Array.from({ length: 1024 }, (_, index) => (index * 7) % 256)
      await store().write(id, 1, { bytes: all })
      expect(await readAll(store(), id)).toEqual(all)
    })

    test('a write with another version than the current one is refused, and changes nothing', async () => {
      const id = await add()
      expect(await store().write(id, 1, { bytes: bytesOf('one') })).toBe(true)
      for (const version of [0, 1, 3, 99]) {
        expect(await store().write(id, version, { bytes: bytesOf('two'), info: '{"b":2}' })).toBe(false)
      }
      expect(await store().read(id, 0, 100)).toMatchObject({ version: 2, length: 3, info: '{"a":1}' })
      expect(await store().write('unknown', 1, { info: '{}' })).toBe(false)
    })

    test('a write may name the version that follows', async () => {
      const id = await add()
      const { other = store() } = opened
      expect(await other.write(id, 1, { info: '{"b":2}', nextVersion: 1_000_000_000 })).toBe(true)
      expect(await store().write(id, 2, { bytes: bytesOf('no') })).toBe(false)
      expect(await store().read(id, 0, 0)).toMatchObject({ version: 1_000_000_000, length: 0 })
      expect(await store().write(id, 1_000_000_000, { bytes: bytesOf('yes') })).toBe(true)
      expect(await other.read(id, 0, 9)).toMatchObject({ version: 1_000_000_001, length: 3, info: '{"b":2}' })
    })

    test('one of two writers with the same version is refused, whichever comes first', async () => {
      const id = await add()
      const { other = store() } = opened
      for (let version = 1, round = 1; round < 20; round++) {
        const both = await Promise.all([
          store().write(id, version, { bytes: bytesOf('a') }),
          other.write(id, version, { bytes: bytesOf('b'), nextVersion: version + 1_000 }),
        ])
        expect(both.filter(Boolean)).toHaveLength(1)
        version += both[1] ? 1_000 : 1
      }
      expect((await store().read(id, 0, 100))?.length).toBe(19)
    })

    test('a record is replaced alone, with bytes, or not at all', async () => {
      const id = await add()
      await store().write(id, 1, { info: '{"b":2}' })
      await store().write(id, 2, { bytes: bytesOf('x'), info: '{"c":3}' })
      await store().write(id, 3, {})
      await store().write(id, 4, { bytes: bytesOf('y'), isEnd: true })
      const stored = await store().read(id, 0, 100)
      expect(stored).toMatchObject({ version: 5, length: 2, info: '{"c":3}' })
      expect(textOf(stored?.bytes)).toBe('xy')
    })

    test('a key names the first stream of its owner, and none of another', async () => {
      const key = newId()
      const id = await add({ key })
      expect(await store().create({ id: newId(), owner: 'ann', key, info: '{}', ttlMs: 60_000 })).toBe(id)
      const bob = newId()
      expect(await store().create({ id: bob, owner: 'bob', key, info: '{}', ttlMs: 60_000 })).toBe(bob)
    })

    test('all of many that claim a key at once learn the same winner', async () => {
      const { other = store() } = opened
      for (let round = 0; round < 5; round++) {
        const key = newId()
        const ids = Array.from({ length: 10 }, newId)
        const won = await Promise.all(
          ids.map((id, index) =>
            (index % 2 ? other : store()).create({ id, owner: 'ann', key, info: '{}', ttlMs: 60_000 }),
          ),
        )
        expect(new Set(won).size).toBe(1)
        expect(ids).toContain(won[0])
        expect(await store().read(won[0] ?? '', 0, 0)).toBeDefined()
      }
    })

    test('a removed stream is not there, and its key is free', async () => {
      const key = newId()
      const id = await add({ key })
      await store().write(id, 1, { bytes: bytesOf('gone') })
      await store().delete(id)
      expect(await store().read(id, 0, 100)).toBeUndefined()
      expect(await store().write(id, 2, { bytes: bytesOf('x') })).toBe(false)
      const next = newId()
      expect(await store().create({ id: next, owner: 'ann', key, info: '{}', ttlMs: 60_000 })).toBe(next)
      await store().delete('unknown')
    })

    test('streams are listed by owner and conversation, newest first', async () => {
      const owner = newId()
      const one = await add({ owner, conversation: 'c1' })
      const two = await add({ owner, conversation: 'c2' })
      const three = await add({ owner, conversation: 'c1' })
      const four = await add({ owner })
      expect(await store().list(owner)).toEqual([four, three, two, one])
      expect(await store().list(owner, 'c1')).toEqual([three, one])
      expect(await store().list(owner, 'c3')).toEqual([])
      await store().delete(three)
      expect(await store().list(owner, 'c1')).toEqual([one])
    })

    test('a watcher hears of a write, with its version, until it is ended', async () => {
      const id = await add()
      const received = deferred<number>()
      let calls = 0
      const end = store().watch(id, (version) => {
        calls++
        // One that begins to listen may hear first of the version that is there.
        if (version > 1) received.resolve(version)
      })
      await opened.ready?.()
      await (opened.other ?? store()).write(id, 1, { bytes: bytesOf('x') })
      if (opened.hearsOthers !== false || !opened.other) expect(await received.promise).toBe(2)
      end()
      const before = calls
      await store().write(id, 2, { bytes: bytesOf('y') })
      await store().read(id, 0, 0)
      expect(calls).toBe(before)
    })

    test('16 MB are read in pieces', async () => {
      const id = await add()
      const piece = new Uint8Array(256 * 1024).map((_, index) => index % 251)
      for (let version = 1; version <= 64; version++) {
        expect(await store().write(id, version, { bytes: piece })).toBe(true)
      }
      let length = 0
      for (;;) {
        const stored = await store().read(id, length, 256 * 1024)
        if (!stored?.bytes.length) break
        expect(stored.bytes.length).toBeLessThanOrEqual(256 * 1024)
        expect(stored.bytes[0]).toBe(piece[length % piece.length])
        length += stored.bytes.length
      }
      expect(length).toBe(16 * 1024 * 1024)
      await store().delete(id)
    })
  })
}

async function readAll(store: StreamStore, id: string): Promise<Uint8Array> {
  const bytes: number[] = []
  for (;;) {
    const stored = await store.read(id, bytes.length, 100)
    if (!stored?.bytes.length) return Uint8Array.from(bytes)
    bytes.push(...stored.bytes)
  }
}
