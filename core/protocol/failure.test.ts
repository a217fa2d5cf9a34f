import { expect, test } from 'vitest'
import { failureOf } from './failure.ts'

test('failureOf() says it in the words of its code', () => {
  expect(failureOf('truncated')).toEqual({
    code: 'truncated',
    message: 'The answer broke off before its end',
  })
  expect(failureOf('rate_limited', { httpStatus: 429, retryAt: 5 })).toEqual({
    code: 'rate_limited',
    message: 'The rate limit is reached',
    httpStatus: 429,
    retryAt: 5,
  })
})
