import { expect, test } from 'vitest'
import { createRequestId, readRequestId } from './request-id.ts'

test.each(['a', 'A-z_09', 'x'.repeat(64)])('readRequestId() takes %j', (id) => {
  expect(readRequestId(id)).toBe(id)
})

test.each([null, undefined, '', 'x'.repeat(65), 'a b', 'a.b', 'ä', 'a\n', '\na', '<script>', 'a,b'])(
  'readRequestId() ignores %j',
  (id) => {
    expect(readRequestId(id)).toBeUndefined()
  },
)

test('createRequestId() makes ids of the agreed form, none twice', () => {
  const ids = Array.from({ length: 1_000 }, createRequestId)
  expect(new Set(ids).size).toBe(1_000)
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(readRequestId(id)).toBe(id)
  }
})
