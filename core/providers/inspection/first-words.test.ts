import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { growsLinearly } from '../../testing/growth.ts'
import { say, think } from '../../testing/openai-events.ts'
import { WIRE_SAMPLES } from '../../testing/wire-samples.ts'
import { firstWords, readFirstWords } from './first-words.ts'

const SSE = 'text/event-stream'
const JSON_TYPE = 'application/json'

const encode = (text: string) => new TextEncoder().encode(text)
const words = (text: string, label = SSE, limit = 120) => firstWords(encode(text), label, limit)

/** The visible text of each sample; these have no text. */
const SAID: Record<string, string> = { Anthropic: '', 'AG-UI in lines': '', Gemini: 'Yes.' }

describe.each(WIRE_SAMPLES)(
  'the first words of a stream of $name',
  ({ name, events, contentType, error }) => {
    const whole = events.join('')
    const said = SAID[name] ?? 'Yes'

    test('are its text, without thoughts', () => {
      expect(words(whole, contentType)).toBe(said)
    })

    test('have nothing of its error', () => {
      expect(words(whole + error, contentType)).toBe(said)
      expect(words(events[0] + error, contentType)).toBe('')
    })

    test('are a part of them when it is cut, and nothing throws', () => {
      const bytes = encode(whole)
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(said.startsWith(firstWords(bytes.subarray(0, cut), contentType, 120))).toBe(true)
      }
    })
  },
)

test.each<[string, string, unknown]>([
  ['OpenAI chat', 'Hello', { choices: [{ index: 0, message: { content: 'Hello' }, finish_reason: 'stop' }] }],
  ['OpenAI text', 'Hello', { choices: [{ index: 0, text: 'Hello', finish_reason: 'stop' }] }],
  [
    'OpenAI Responses',
    'Hello',
    {
      object: 'response',
      output: [
        { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'Hm' }] },
        { type: 'message', content: [{ type: 'output_text', text: 'Hello' }] },
      ],
    },
  ],
  [
    'Anthropic',
    'Hello you',
    {
      type: 'message',
      role: 'assistant',
      stop_reason: 'end_turn',
      content: [
        { type: 'thinking', thinking: 'Hm' },
        { type: 'text', text: 'Hello' },
        { type: 'text', text: ' you' },
      ],
    },
  ],
  [
    'Gemini',
    'Hello',
    { candidates: [{ content: { parts: [{ text: 'Hm', thought: true }, { text: 'Hello' }] } }] },
  ],
  ['Gemini, a list', 'Hello', [{ candidates: [{ content: { parts: [{ text: 'Hello' }] } }] }]],
  ['Cohere', 'Hello', { finish_reason: 'COMPLETE', message: { content: [{ type: 'text', text: 'Hello' }] } }],
  [
    'Mistral conversations',
    'Hello',
    { object: 'conversation.response', outputs: [{ type: 'message.output', content: 'Hello' }] },
  ],
  ['Ollama', 'Hello', { model: 'm', created_at: 'now', done: true, message: { content: 'Hello' } }],
])('firstWords() reads a whole response of %s', (_name, said, value) => {
  expect(words(JSON.stringify(value), JSON_TYPE)).toBe(said)
  expect(words(JSON.stringify(value, null, 2), JSON_TYPE)).toBe(said)
})

test('firstWords() goes by the content, not by the label', () => {
  expect(words(say('Hello'), 'text/plain')).toBe('Hello')
  expect(words(say('Hello'), '')).toBe('Hello')
})

test('firstWords() knows nothing of an unknown protocol', () => {
  expect(words('data: {"secret":"Hello"}\n\ndata: [DONE]\n\n')).toBe('')
  expect(words('{"secret":"Hello"}', JSON_TYPE)).toBe('')
  expect(words('Hello', 'text/plain')).toBe('')
  expect(words('<!doctype html><title>Hello</title>', 'text/html')).toBe('')
  expect(words('')).toBe('')
})

test('firstWords() reads the first of several choices', () => {
  const choice = (index: number, content: string) =>
    `data: ${JSON.stringify({ choices: [{ index, delta: { content } }] })}\n\n`
  expect(words(choice(0, 'One ') + choice(1, 'Two ') + choice(0, 'three') + choice(1, 'four'))).toBe(
    'One three',
  )
})

test('firstWords() leaves out thoughts that stand in the text, however they are cut into events', () => {
  const text = '\n<think>\nWell, is it <b>so</b>?\n</think>\n\nIt is.'
  for (let size = 1; size < text.length; size++) {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    expect(words(pieces.map(say).join(''))).toBe('It is.')
  }
  expect(words(say('<think>Well, is it'))).toBe('')
})

test('firstWords() of a message that a node of LangGraph repeats as it grows is none', () => {
  const partial = [{ type: 'ai', content: 'Hel', response_metadata: {} }]
  expect(words(`event: messages/partial\ndata: ${JSON.stringify(partial)}\n\n`)).toBe('')
})

describe('firstWords() cuts', () => {
  test.each([
    ['a short text not at all', 'Hello', 5, 'Hello'],
    ['at a word’s end', 'Hello you there', 12, 'Hello you…'],
    ['behind a word that just fits', 'Hello you there', 10, 'Hello you…'],
    ['a long word where it must', 'Donaudampfschiff', 8, 'Donauda…'],
    ['what has no blanks', '秋风瑟瑟叶落纷纷', 5, '秋风瑟瑟…'],
    ['no character in half', 'ab😀😀😀', 4, 'ab…'],
    ['lines into one', '# One\n\n- two\t three ', 20, '# One - two three'],
  ])('%s', (_how, text, limit, expected) => {
    expect(words(say(text), SSE, limit)).toBe(expected)
  })

  test('to the limit, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' })),
        fc.integer({ min: 2, max: 40 }),
        (pieces, limit) => {
          expect(words(pieces.map(say).join(''), SSE, limit).length).toBeLessThanOrEqual(limit)
        },
      ),
    )
  })
})

test('firstWords() throws at nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(SSE, JSON_TYPE, ''), (bytes, label) => {
      expect(typeof firstWords(bytes, label, 20)).toBe('string')
    }),
  )
  for (const sample of WIRE_SAMPLES) {
    for (const event of sample.events) {
      const mangled = event.replaceAll(/"Yes"|\[(?=[{\]])|\{\}/g, 'null')
      expect(typeof words(sample.events.join('') + mangled, sample.contentType)).toBe('string')
    }
  }
})

test('R6 the first words are read in time proportional to the thoughts before them', () => {
  const inline = say('<think>') + say('hm '.repeat(20)).repeat(5_000)
  for (const text of [think('Hm '.repeat(20)).repeat(5_000), inline]) {
    expect(growsLinearly(words, text)).toBe(true)
    expect(words(text + say('</think>Yes'))).toMatch(/Yes$/)
  }
})

describe('readFirstWords()', () => {
  const response = (pieces: string[], error?: Error) => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const next = pieces.shift()
        if (next !== undefined) controller.enqueue(encode(next))
        else if (error) controller.error(error)
        else controller.close()
      },
    })
    return new Response(body, { headers: { 'Content-Type': 'Text/Event-Stream' } })
  }

  test('reads a response to its end, or as far as it came', async () => {
    const pieces = say('One ') + say('two')
    for (const error of [undefined, new TypeError('Reset')]) {
      expect(await readFirstWords(response(Array.from(pieces), error), 120)).toBe('One two')
    }
    expect(await readFirstWords(response([], new TypeError('Reset')), 120)).toBe('')
    expect(await readFirstWords(undefined, 120)).toBe('')
    expect(await readFirstWords(new Response(null), 120)).toBe('')
  })

  test('reads no more than 4 MB', async () => {
    const piece = think('Hm '.repeat(20_000))
    const pieces = [...Array.from({ length: 200 }, () => piece), say('Yes')]
    expect(await readFirstWords(response(pieces), 120)).toBe('')
    expect(pieces.length).toBeGreaterThan(100)
    expect(await readFirstWords(response([piece, say('Yes')]), 120)).toBe('Yes')
  })
})
