import { expect, test } from 'vitest'
import { createBodies } from './bodies.ts'
import type { Body } from './message-cache.ts'

const bytes = (size: number) => new ArrayBuffer(size)

function open() {
  const read: string[] = []
  const stored = new Map<string, Body | Error>()
  const bodies = createBodies((id) => {
    read.push(id)
    const found = stored.get(id)
    return found instanceof Error ? Promise.reject(found) : Promise.resolve(found)
  })
  return { bodies, read, stored }
}

test('what has just come is given once, from memory', async () => {
  const { bodies, read } = open()
  bodies.keep('1', bytes(3))
  bodies.readAhead(['1'])
  expect((await bodies.take('1')) instanceof ArrayBuffer).toBe(true)
  expect([bodies.take('1'), read]).toEqual([undefined, []])
})

test('no more is kept than there is room for, and what is taken makes room', () => {
  const { bodies } = open()
  const size = 64 * 1024
  for (let n = 0; n < 20; n++) bodies.keep(`${n}`, bytes(size))
  bodies.keep('large', bytes(size + 1))
  bodies.keep('empty', null)
  expect(bodies.take('16')).toBeUndefined()
  expect(bodies.take('15')).toBeDefined()
  bodies.keep('20', bytes(size))
  bodies.keep('21', bytes(1))
  expect([bodies.take('20') !== undefined, bodies.take('21')]).toEqual([true, undefined])
})

test('what is read ahead is read once, and the oldest makes room', async () => {
  const { bodies, read, stored } = open()
  stored.set('1', new Blob(['m1']))
  bodies.readAhead(['1', '2'])
  bodies.readAhead(['1'])
  expect(read).toEqual(['1', '2'])
  expect(await bodies.take('1')).toBeInstanceOf(Blob)
  bodies.readAhead(Array.from({ length: 32 }, (_, n) => `n${n}`))
  expect([bodies.take('2'), bodies.take('n0') !== undefined]).toEqual([undefined, true])
})

test('what could not be read ahead is not here', async () => {
  const { bodies, stored } = open()
  stored.set('1', new Error('Storage'))
  bodies.readAhead(['1'])
  await Promise.resolve()
  await Promise.resolve()
  expect(bodies.take('1')).toBeUndefined()
})
