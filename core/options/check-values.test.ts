import { expect, test } from 'vitest'
import { checkOptions } from './check.ts'

const chat = (settings: object) => ({ chat: [{ url: '/a', ...settings }] })
const saves = (settings: object) => ({ saves: [{ url: '/a', ...settings }] })

/** Each kind of value: an option that takes it, what it takes and what it does not. */
const KINDS: [name: string, write: (value: unknown) => object, right: unknown[], wrong: unknown[]][] = [
  [
    'an HTTP status',
    (duplicateStatus) => saves({ duplicateStatus }),
    [200, 409, 599],
    [199, 600, 200.5, '409', NaN, true],
  ],
  [
    'a status to respond with',
    (status) => saves({ respond: { status } }),
    [200, 201, 204],
    [199, 600, '200'],
  ],
  [
    'a header’s name or a flag',
    (idempotencyKey) => chat({ idempotencyKey }),
    [true, false, 'X-Key', 'x_key2'],
    ['', 'X Key', 'Key:', ' Key', 'Schlüssel', 1, null],
  ],
  [
    'a key',
    (conversation) => chat({ conversation }),
    ['path', ':id', 'query.a', 'query.a.b', 'body.a', 'body.a.b'],
    [
      '',
      'paths',
      'a path',
      ':',
      ':a-b',
      'query.',
      'query',
      'xquery.a',
      'body',
      'body.',
      'body.a.',
      'body..a',
      'xbody.a',
      1,
    ],
  ],
  [
    'a place',
    (url) => chat({ resume: { url, position: 'offset' } }),
    ['location', '/a', '/', 'https://a.example/b', 'http://a.example/b'],
    ['', 'locations', '//a.example', 'a', 'ftp://a.example', 'x/a', ' /a', ['/a']],
  ],
  [
    'a media type',
    (type) => saves({ accept: [type] }),
    ['*', 'text/*', '*/*', 'application/json', 'application/*+json', ' text/plain ; charset=utf-8'],
    ['', 'json', 'text/', '/json', 'text/plain, text/html', 'text/plain/x', ['*'], 1],
  ],
  [
    'a number of milliseconds',
    (totalMs) => ({ timeouts: { totalMs } }),
    [0, 0.5, 1e12],
    [-1, NaN, Infinity, '1', null, true],
  ],
  [
    'an amount',
    (capacity) => ({ retry: { bucket: { capacity, refillPerMinute: 1 } } }),
    [0, 0.5, 10],
    [-1, NaN, Infinity, '1', null],
  ],
  [
    'a number of attempts',
    (maxAttempts) => ({ retry: { maxAttempts } }),
    [1, 12],
    [0, -1, 1.5, Infinity, '2'],
  ],
  [
    'a method',
    (method) => saves({ method }),
    ['POST', 'put', 'M-SEARCH', 'X_1'],
    ['', '*', 'PUT,PATCH', 'PUT, PATCH', 'PUT|PATCH', ' PUT', 'PUT ', ['PUT'], 1, null],
  ],
  [
    'a path of the server’s responses',
    (streams) => ({ resume: { streams } }),
    ['/streams', '/api/streams', '/api/my streams'],
    [
      '',
      'api/streams',
      '//a.example/x',
      '/\\a.example',
      '/a?b',
      '/a#b',
      '/a/',
      '/',
      'https://a.example/b',
      1,
    ],
  ],
  ['a flag', (debug) => ({ debug }), [true, false], ['true', 0, 1, null]],
  ['a text', (scope) => ({ scope }), ['/', 'a'], ['', 1, null, ['/']]],
]

test.each(
  KINDS.flatMap(([name, write, right]) => right.map((value) => [name, value, write(value)] as const)),
)('%s may be %j', (_name, _value, options) => {
  expect(checkOptions(options)).toBe(options)
})

test.each(
  KINDS.flatMap(([name, write, , wrong]) => wrong.map((value) => [name, value, write(value)] as const)),
)('%s may not be %j', (_name, _value, options) => {
  expect(() => checkOptions(options)).toThrow(/^Wrong option \S+: got .*, takes .{4}/)
})

test('a long value is shortened in the message', () => {
  const wrong = () => checkOptions({ debug: 'x'.repeat(1_000) })
  expect(wrong).toThrow(/^.{1,140}$/)
})
