import { expect, test } from 'vitest'
import { codeOfStatus, failureOf } from './failure.ts'

test('failureOf() says it in the words of its code', () => {
  expect(failureOf('truncated')).toEqual({
    code: 'truncated',
    message: 'The response broke off before its end',
  })
  expect(failureOf('rate_limited', { httpStatus: 429, retryAt: 5 })).toEqual({
    code: 'rate_limited',
    message: 'The rate limit is reached',
    httpStatus: 429,
    retryAt: 5,
  })
})

test.each([
  [400, 'upstream_error'],
  [402, 'quota_exhausted'],
  [429, 'rate_limited'],
  [498, 'overloaded'],
  [500, 'upstream_error'],
  [503, 'overloaded'],
  [529, 'overloaded'],
  [599, 'upstream_error'],
])('codeOfStatus() of %i is %s', (status, code) => {
  expect(codeOfStatus(status)).toBe(code)
})
