import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { matches } from '../../core/options/matcher.ts'
import { parseStart } from './parse-start.ts'

const refused = (text: string, matcher: string) => matches(matcher, { value: parseStart(text) })

test.each([
  ['{"ok":false,"pad":"xx', 'ok=false'],
  ['{"errors":[{"message":"no"}],"pad":"xx', 'errors'],
  ['{"errors":[{"message":"no', 'errors'],
  ['{"errors":[{"code":"closed","mess', 'errors.0.code=closed'],
  ['{"errors":["no', 'errors'],
  ['{"error":"no', 'error'],
  ['{"error":{', 'error'],
  ['{"error": {"code": "closed"} , "pad" : [1, 2', 'error.code=closed'],
  ['{"pad":{"a":[{"b":"}]\\"{"}]},"ok":false,"x":[[', 'ok=false'],
  ['[{"ok":false},{"o', '0.ok=false'],
])('parseStart() gives what can be read of %s: %s', (text, matcher) => {
  expect(refused(text, matcher)).toBe(true)
})

test.each([
  ['{"code":"closed', 'code=closed'],
  ['{"code":12', 'code=12'],
  ['{"code":0', 'code'],
  ['{"ok":', 'ok=null'],
  ['{"ok"', 'ok'],
  ['{"error":"', 'error'],
  ['{"errors":[', 'errors'],
  ['{"errors":[', 'errors=[]'],
  ['{"errors":[],"pad":"xx', 'errors'],
  ['{"errors":[{"a":1}', 'errors=[{"a":1}]'],
  ['{"errors":[{"a":1},', 'errors.1'],
  ['{"error":{"a":1', 'error={"a":1}'],
  ['{"error":{', 'error={}'],
  ['{"pad":"\\"ok\\":false', 'ok=false'],
])('parseStart() takes nothing half-read for whole in %s: %s', (text, matcher) => {
  expect(refused(text, matcher)).toBe(false)
})

test.each(['no', '<p>{"ok":false', '', '…', '{"ok" false', '}'])(
  'parseStart() makes nothing of %s',
  (text) => {
    expect(['ok', 'ok=false'].some((matcher) => refused(text, matcher))).toBe(false)
  },
)

test('parseStart() reads a megabyte of brackets in no time', () => {
  expect(parseStart('['.repeat(1_000_000))).toBeUndefined()
  expect(parseStart(`{"ok":false,"pad":[${'1, '.repeat(300_000)}`)).toMatchObject({ ok: false })
})

test('parseStart() reads any JSON that is cut anywhere', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (json, length) => {
      const text = `{"first":1,"rest":${json}}`
      const cut = text.slice(0, 10 + (length % (text.length - 10)))
      expect(parseStart(cut)).toMatchObject(cut.length > 10 ? { first: 1 } : {})
    }),
  )
})
