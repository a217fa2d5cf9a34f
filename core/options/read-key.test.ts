import { expect, test } from 'vitest'
import type { KeySource } from './options.ts'
import { readKey } from './read-key.ts'

const PLACES = {
  url: new URL('https://app.example/api/s/a%20b?chatId=c%2F2&empty='),
  groups: { session: 'a%20b', bad: '100%', empty: '', none: undefined },
  body: { id: 7, chat: { id: 'c-1', list: ['x'], nothing: null, flag: true }, text: '' },
}

test.each<[KeySource, string | undefined]>([
  ['path', '/api/s/a%20b'],
  ['query.chatId', 'c/2'],
  ['query.empty', ''],
  ['query.missing', undefined],
  [':session', 'a b'],
  [':bad', '100%'],
  [':empty', ''],
  [':none', undefined],
  [':missing', undefined],
  ['body.id', '7'],
  ['body.chat.id', 'c-1'],
  ['body.chat.list.0', 'x'],
  ['body.text', ''],
  ['body.chat', undefined],
  ['body.chat.nothing', undefined],
  ['body.chat.nothing.more', undefined],
  ['body.chat.flag', undefined],
  ['body.chat.id.length', undefined],
  ['body.missing.id', undefined],
  ['body.toString', undefined],
])('readKey() reads %s as %j', (source, key) => {
  expect(readKey(source, PLACES)).toBe(key)
})

test.each([undefined, null, 'text', 42])('readKey() finds nothing in a body that is %j', (body) => {
  expect(readKey('body.id', { ...PLACES, body })).toBeUndefined()
})
