import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { tokenize, tokensOf } from './tokens.ts'

test('tokens joined are the text again', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => tokenize(text).join('') === text))
})

test('a text is cut or repeated to as many tokens as asked', () => {
  expect(tokensOf('one two three', 2)).toEqual(['one', ' two'])
  expect(tokensOf('one two', 5)).toHaveLength(5)
  expect(tokensOf('one', 0)).toEqual([])
})
