import { expect, test } from 'vitest'
import { isOurs } from './message.ts'

test.each([[{ streamkeeper: 1, type: 'ping' }], [{ streamkeeper: 1 }]])('isOurs() takes %j', (data) => {
  expect(isOurs(data)).toBe(true)
})

test.each([
  [null],
  [undefined],
  ['streamkeeper'],
  [1],
  [[]],
  [{}],
  [{ type: 'ping' }],
  [{ streamkeeper: 2, type: 'ping' }],
  [{ streamkeeper: '1', type: 'ping' }],
  [{ streamkeeper: true }],
])('isOurs() leaves %j to the app', (data) => {
  expect(isOurs(data)).toBe(false)
})
