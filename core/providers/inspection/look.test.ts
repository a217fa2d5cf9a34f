import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DONE, FINISH, KEEP_ALIVE, ROLE, say } from '../../testing/openai-events.ts'
import { createInspection, type Inspection } from './inspection.ts'

const encoder = new TextEncoder()

function inspecting(text: string): Inspection {
  const inspection = createInspection(new Headers({ 'content-type': 'text/event-stream' }), {
    path: '/v1/chat/completions',
  })
  inspection.feed(encoder.encode(text))
  inspection.look()
  return inspection
}

/** The classification of each of these, fed one after the other. */
function looks(inspection: Inspection, texts: string[]): boolean[] {
  return texts.map((text) => {
    inspection.feed(encoder.encode(text))
    return inspection.look().output
  })
}

test('look() counts output once: keep-alives after it are none, however few', () => {
  expect(looks(inspecting(ROLE + say('a')), [KEEP_ALIVE, say('b'), KEEP_ALIVE, KEEP_ALIVE])).toEqual([
    false,
    true,
    false,
    false,
  ])
})

test('look() is not misled by keep-alives that come in pieces', () => {
  const pieces = Array.from(KEEP_ALIVE.repeat(3))
  expect(looks(inspecting(say('a')), [say('b'), ...pieces])).toEqual([true, ...pieces.map(() => false)])
})

test('look() sees that an event has begun, and what it says once it is whole', () => {
  const inspection = inspecting(say('a'))
  const [begun, rest] = [FINISH.slice(0, 20), FINISH.slice(20)]
  inspection.feed(encoder.encode(begun))
  expect(inspection.look()).toMatchObject({ output: true, finished: false })
  inspection.feed(encoder.encode(rest))
  expect(inspection.look()).toMatchObject({ output: false, finished: true })
})

test('look() sees the same in any pieces: whether there was output, whether it has finished', () => {
  const parts = fc.constantFrom(say('a'), say('b'.repeat(5_000)), KEEP_ALIVE, '\n', ': half\n')
  fc.assert(
    fc.property(
      fc.array(parts, { maxLength: 12 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 9_000 }),
      (said, ends, size) => {
        const text = said.join('') + (ends ? FINISH + DONE : '')
        const inspection = inspecting(say('first'))
        const bytes = encoder.encode(text)
        for (let at = 0; at < bytes.length; at += size) inspection.feed(bytes.subarray(at, at + size))
        const { output, finished } = inspection.look()
        expect({ output, finished }).toEqual({
          output: said.some((part) => part.startsWith('data')),
          finished: ends,
        })
      },
    ),
  )
})
