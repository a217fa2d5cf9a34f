import { expect, test } from 'vitest'
import { isBodyMatcher, isMatcher, matches } from './matcher.ts'

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
  ['ok = false', json({ ok: false }), true],
  [' ok =false', json({ ok: true }), false],
  [' error.code ', json({ error: { code: 7 } }), true],
  ['event = end', { event: 'end', data: '' }, true],
  ['data = [DONE]', { data: '[DONE]' }, true],
  ['data= =END=', { data: '=END=' }, true],
])('matches(%j, %j) is %j', (matcher, subject, expected) => {
  expect(matches(matcher, subject)).toBe(expected)
})

test('one of several matchers is enough', () => {
  expect(matches(['a', 'b'], json({ b: 1 }))).toBe(true)
  expect(matches(['a', 'b'], json({ c: 1 }))).toBe(false)
  expect(matches([], json({ c: 1 }))).toBe(false)
})

test.each([
  'errors',
  'a.b.0.c',
  'ok=false',
  ' ok = false ',
  'data=[DONE]',
  'data="[DONE]"',
  'data= =END=',
  'event=message stop',
  'event=run:done!',
  'data={"a":1}',
  'a=b=c',
  'a="',
  'a="b" or "c".',
  '$type=error',
  'error.details.0.@type',
  '#text',
  '_meta.error-code=7',
  'results.0.categories.hate/threatening=true',
  'ошибка.код=7',
  'エラー',
  'हिन्दी=नहीं',
])('isMatcher() takes %j', (matcher) => expect(isMatcher(matcher)).toBe(true))

test.each([
  undefined,
  null,
  1,
  {},
  '',
  ' ',
  '=x',
  '.a',
  'a.',
  'a..b',
  'ok=',
  'ok= ',
  'data=',
  'ok==false',
  'ok== false',
  'ok===false',
  'ok!=true',
  'ok>=1',
  'ok ~= no',
  '!ok',
  'ok: false',
  'ok:false',
  'ok is false',
  'errors[0].message',
  'errors[].message',
  'errors.*.message',
  '$',
  '$.errors',
  '$=x',
  '/errors',
  'error?.code',
  'error . code',
  '"ok"=false',
  "'ok'",
  'status="error"',
  "status = 'error'",
  'event="done"',
  'data==[DONE]',
  'data: [DONE]',
  'ok|done',
  'ok, done',
  '(ok)',
  '{ok}',
])('isMatcher() does not take %j', (value) => expect(isMatcher(value)).toBe(false))

test.each(['errors', 'ok=false', 'data=no', 'data', 'event.type=error', 'event'])(
  'isBodyMatcher() takes %j',
  (matcher) => expect(isBodyMatcher(matcher)).toBe(true),
)

test.each(['event=error', ' event = error', 'ok==false', '', 7])(
  'isBodyMatcher() does not take %j: a body has no events',
  (matcher) => expect(isBodyMatcher(matcher)).toBe(false),
)
