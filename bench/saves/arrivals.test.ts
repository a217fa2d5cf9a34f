import { expect, test } from 'vitest'
import { createArrivals } from './arrivals.ts'

test('createArrivals() takes conversations side by side', () => {
  const arrivals = createArrivals()
  for (const [conversation, n] of [
    ['a', 2],
    ['b', 1],
    ['a', 3],
    ['b', 5],
  ] as const)
    arrivals.note(conversation, n)
  expect(arrivals.count()).toBe(4)
  expect(arrivals.check).not.toThrow()
})

test('createArrivals() tells the first that came too late, or again', () => {
  const late = createArrivals()
  for (const n of [1, 3, 2, 1]) late.note('a', n)
  expect(late.check).toThrow('message 2 of conversation a came after 3')
  const again = createArrivals()
  for (const n of [0, 0]) again.note('a', n)
  expect(again.check).toThrow('message 0 of conversation a came after 0')
})
