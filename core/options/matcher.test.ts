import { expect, test } from 'vitest'
import { isMatcher, matches } from './matcher.ts'

const json = (value: unknown) => ({ data: JSON.stringify(value), value })

test.each([
  ['data=[DONE]', { data: '[DONE]' }, true],
  ['data=[DONE]', { data: ' [DONE] \r' }, true],
  ['data=[DONE]', { data: '[DONE]!' }, false],
  ['data=a=b', { data: 'a=b' }, true],
  ['event=end', { event: 'end', data: '' }, true],
  ['event=end', { event: 'ended' }, false],
  ['event=end', {}, false],
  ['errors', json({ errors: [{ message: 'no' }] }), true],
  ['errors', json({ errors: [] }), false],
  ['errors', json({ errors: null, data: {} }), false],
  ['errors', json({ data: {} }), false],
  ['errors', json([]), false],
  ['ok=false', json({ ok: false }), true],
  ['ok=false', json({ ok: true }), false],
  ['ok=false', json({}), false],
  ['code=0', json({ code: 0 }), true],
  ['code=0', json({ code: '0' }), true],
  ['done=null', json({ done: null }), true],
  ['done=undefined', json({}), false],
  ['error=[object Object]', json({ error: {} }), false],
  ['error.code=rate_limited', json({ error: { code: 'rate_limited' } }), true],
  ['choices.0.finish_reason', json({ choices: [{ finish_reason: 'stop' }] }), true],
  ['choices.0.finish_reason', json({ choices: 'stop' }), false],
  ['data', json({ data: { id: 1 } }), true],
  ['constructor', json({}), false],
  ['a.length', json({ a: 'text' }), false],
  ['anything', { data: 'no JSON' }, false],
])('matches(%j, %j) is %j', (matcher, subject, expected) => {
  expect(matches(matcher, subject)).toBe(expected)
})

test('one of several matchers is enough', () => {
  expect(matches(['a', 'b'], json({ b: 1 }))).toBe(true)
  expect(matches(['a', 'b'], json({ c: 1 }))).toBe(false)
  expect(matches([], json({ c: 1 }))).toBe(false)
})

test.each(['errors', 'a.b.0.c', 'ok=false', 'data=[DONE]', 'event=message stop', 'data={"a":1}', 'a=b=c'])(
  'isMatcher() takes %j',
  (matcher) => expect(isMatcher(matcher)).toBe(true),
)

test.each([undefined, null, 1, {}, '', ' ', '=x', '.a', 'a.', 'a..b', 'ok=', 'ok= ', 'data='])(
  'isMatcher() does not take %j',
  (value) => expect(isMatcher(value)).toBe(false),
)
