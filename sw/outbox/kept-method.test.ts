import { expect, test } from 'vitest'
import { keptMethod } from './kept-method.ts'

const kept = (status: number, text: string, get: () => Promise<Response>) =>
  keptMethod(new Response(text, { status }), text, get)

const gets =
  (text: string, status = 200) =>
  async () =>
    new Response(text, { status })

test.each([
  ['another status', gets('{"id":1}', 203), true],
  ['other names', gets('{"id":1,"title":"a"}'), true],
  ['a list, not an object', gets('[{"id":1}]'), true],
  ['other words', gets('Not JSON'), true],
  ['the same names with other values', gets('{"id":"another"}'), false],
  ['no response', () => Promise.reject(new TypeError('Failed to fetch')), false],
])('a GET of the same place that gets %s: the message was taken: %s', async (_what, get, isTaken) => {
  expect(await kept(200, '{"id":1}', get)).toBe(isTaken)
})

test.each([
  ['names in another order', '{"a":1,"b":{"c":2}}', '{"b":{"c":3},"a":4}', false],
  ['lists of other items', '{"a":[1,2]}', '{"a":[{"b":3}]}', false],
  ['null for a number', '{"a":null}', '{"a":1}', false],
  ['other names one level down', '{"a":{"b":1}}', '{"a":{"c":1}}', true],
  [
    'other names four levels down',
    '{"a":{"a":{"a":{"a":{"b":1}}}}}',
    '{"a":{"a":{"a":{"a":{"c":1}}}}}',
    true,
  ],
  [
    'other names deeper than that',
    '{"a":{"a":{"a":{"a":{"a":{"b":1}}}}}}',
    '{"a":{"a":{"a":{"a":{"a":{"c":1}}}}}}',
    false,
  ],
])('two responses are compared by their names: %s', async (_what, one, other, isTaken) => {
  expect(await kept(200, one, gets(other))).toBe(isTaken)
})

test.each([201, 202, 400, 503])('a %s tells by itself: nothing is asked', async (status) => {
  const get = () => Promise.reject(new Error('Asked'))
  expect(await kept(status, '{}', get)).toBe(true)
})
