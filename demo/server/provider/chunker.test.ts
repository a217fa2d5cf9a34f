import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Chunking } from '../step.ts'
import { createChunker } from './chunker.ts'

const chunkings = fc.oneof<fc.Arbitrary<Chunking>[]>(
  fc.constantFrom<Chunking[]>('event', 'line', 'byte', 'whole'),
  fc.integer({ min: 1, max: 50 }),
)

test('whatever the chunking, the bytes stay the same', () => {
  fc.assert(
    fc.property(chunkings, fc.array(fc.string({ unit: 'grapheme' })), fc.nat(), (chunking, writes, rest) => {
      const chunker = createChunker(chunking)
      const pieces = writes.flatMap((text, index) => [
        ...chunker.push(Buffer.from(text)),
        ...(index === rest ? chunker.rest() : []),
      ])
      expect(Buffer.concat([...pieces, ...chunker.end()]).toString()).toBe(writes.join(''))
    }),
  )
})

test('a number cuts across events, and a rest lets out what is held back', () => {
  const chunker = createChunker(4)
  const cut = (text: string) => chunker.push(Buffer.from(text)).map(String)
  expect(cut('abcdef')).toEqual(['abcd'])
  expect(cut('ghi')).toEqual(['efgh'])
  expect(chunker.rest().map(String)).toEqual(['i'])
  expect(chunker.end()).toEqual([])
})

test('line by line, the empty line that ends an event is a piece of its own', () => {
  const pieces = createChunker('line').push(Buffer.from('data: a\n\n'))
  expect(pieces.map(String)).toEqual(['data: a\n', '\n'])
})
