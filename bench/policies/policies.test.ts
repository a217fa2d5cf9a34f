import { expect, test } from 'vitest'
import { DONE, FINISH, ROLE, errorEvent, say } from '../../core/testing/openai-events.ts'
import { responses, type Scripted, saysNothing, streams } from '../../core/testing/scripted-upstream.ts'
import { createChat, play } from './play.ts'
import { POLICIES } from './policies.ts'
import { LAST_WORD } from './provider.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const refuses = (status: number, headers: Record<string, string> = {}): Scripted =>
  responses(status, { ...JSON_TYPE, ...headers }, '{"error":{"message":"No","type":"x","code":"x"}}')
const resets: Scripted = () => Promise.reject(new TypeError('Failed to fetch'))
const whole = say(LAST_WORD) + FINISH + DONE
const speaksAfter = (ms: number): Scripted =>
  streams([
    [0, ROLE],
    [ms, whole],
  ])

const seconds = (...at: number[]) => at.map((each) => each * 1_000)

/** Policy → when it sends, how that ends, and when (s); in the policies' order. */
type Expected = Record<string, [sentAt: number[], end: string, endedAt: number | undefined]>

const CASES: [name: string, script: Scripted[], expected: Expected][] = [
  [
    '503 for ever',
    [refuses(503)],
    {
      // Two loops: 4 requests of the edge for each of the client, until 120 s are over in a wait.
      start: [[0, 2, 6, 14, 16, 18, 22, 30, 34, 36, 40, 48, 56, 58, 62, 70, 86, 88, 92, 100], 'told', 120],
      repair: [[0, 0.5, 1.5, 3.5, 7.5, 12.5, 17.5, 22.5, 27.5], 'told', 27.5],
      openai: [[0, 0.5, 1.5], 'told', 1.5],
      'ai-sdk': [[0, 2, 6], 'told', 6],
      streamkeeper: [[0, 2, 6, 14, 30, 50, 60], 'told', 60],
    },
  ],
  [
    '500 for ever',
    [refuses(500)],
    {
      start: [[0, 2, 6, 14, 16, 18, 22, 30, 34, 36, 40, 48, 56, 58, 62, 70, 86, 88, 92, 100], 'told', 120],
      repair: [[0, 0.5, 1.5, 3.5, 7.5, 12.5, 17.5, 22.5, 27.5], 'told', 27.5],
      openai: [[0, 0.5, 1.5], 'told', 1.5],
      'ai-sdk': [[0, 2, 6], 'told', 6],
      streamkeeper: [[0, 0.5, 1.5, 3.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30], 'told', 30],
    },
  ],
  [
    '429 with a `Retry-After` of 10 s, twice',
    [refuses(429, { 'retry-after': '10' }), refuses(429, { 'retry-after': '10' }), speaksAfter(0)],
    {
      start: [[0, 2, 6], 'whole', 6],
      repair: [[0, 10, 20], 'whole', 20],
      openai: [[0, 10, 20], 'whole', 20],
      'ai-sdk': [[0, 10, 20], 'whole', 20],
      streamkeeper: [[0, 10, 20], 'whole', 20],
    },
  ],
  [
    '429 with a `Retry-After` of 2 min, for ever',
    [refuses(429, { 'retry-after': '120' })],
    {
      start: [[0, 2, 6, 14, 16, 18, 22, 30, 34, 36, 40, 48, 56, 58, 62, 70, 86, 88, 92, 100], 'told', 120],
      repair: [[0], 'told', 0],
      openai: [[0, 0.5, 1.5], 'told', 1.5],
      'ai-sdk': [[0, 2, 6], 'told', 6],
      streamkeeper: [[0], 'told', 0],
    },
  ],
  [
    '429 that names no time, for ever',
    [refuses(429)],
    {
      start: [[0, 2, 6, 14, 16, 18, 22, 30, 34, 36, 40, 48, 56, 58, 62, 70, 86, 88, 92, 100], 'told', 120],
      repair: [
        [0, 0.5, 1.5, 3.5, 7.5, 12.5, 17.5, 22.5, 27.5, 32.5, 37.5, 42.5, 47.5, 52.5, 57.5],
        'told',
        57.5,
      ],
      openai: [[0, 0.5, 1.5], 'told', 1.5],
      'ai-sdk': [[0, 2, 6], 'told', 6],
      streamkeeper: [[0, 2, 6, 14, 30, 50, 60], 'told', 60],
    },
  ],
  [
    'a reset, then a response',
    [resets, speaksAfter(0)],
    {
      start: [[0, 2], 'whole', 2],
      repair: [[0, 0.5], 'whole', 0.5],
      openai: [[0, 0.5], 'whole', 0.5],
      // A browser's error: the package takes only Node's for one to try again.
      'ai-sdk': [[0], 'told', 0],
      streamkeeper: [[0, 0.5], 'whole', 0.5],
    },
  ],
  [
    'no headers, ever',
    [saysNothing()],
    {
      start: [[0], 'told', 120],
      repair: [[0, 30.5], 'told', 300],
      openai: [[0, 600.5, 1201.5], 'told', 1801.5],
      'ai-sdk': [[0], 'open', undefined],
      streamkeeper: [[0, 30.5], 'told', 300],
    },
  ],
  [
    'headers, then 150 s of silence, then the response',
    [speaksAfter(150_000)],
    {
      start: [[0], 'told', 120],
      repair: [[0], 'whole', 150],
      openai: [[0], 'whole', 150],
      'ai-sdk': [[0], 'whole', 150],
      streamkeeper: [[0], 'whole', 150],
    },
  ],
  [
    'an error event before the first output',
    [streams([[0, ROLE + errorEvent({ message: 'Overloaded', code: 'overloaded_error' })]]), speaksAfter(0)],
    {
      start: [[0], 'told', 0],
      repair: [[0], 'told', 0],
      openai: [[0], 'told', 0],
      'ai-sdk': [[0], 'told', 0],
      streamkeeper: [[0, 2], 'whole', 2],
    },
  ],
  [
    'a clean end mid-stream',
    [streams([[0, ROLE + say('Hel')]])],
    {
      start: [[0], 'cut', 0],
      repair: [[0], 'cut', 0],
      openai: [[0], 'cut', 0],
      'ai-sdk': [[0], 'told', 0],
      streamkeeper: [[0], 'told', 0],
    },
  ],
  [
    'silence mid-stream',
    [streams([[0, ROLE + say('Hel')]], { end: 'open' })],
    {
      start: [[0], 'told', 120],
      repair: [[0], 'told', 300],
      openai: [[0], 'open', undefined],
      'ai-sdk': [[0], 'open', undefined],
      streamkeeper: [[0], 'told', 180],
    },
  ],
]

test.each(CASES)('%s', async (_name, script, expected) => {
  for (const policy of POLICIES) {
    const { sentAt, end, endedAt } = await play(policy, script)
    const [at = [], how, after] = expected[policy.name] ?? []
    expect([policy.name, sentAt, end, endedAt]).toEqual([
      policy.name,
      seconds(...at),
      how,
      after === undefined ? undefined : after * 1_000,
    ])
  }
})

test.each([
  [4_000, 4_000],
  [Infinity, 30_000],
])('a save that takes %d ms delays where it started by %d ms, and nobody else', async (saveMs, delayMs) => {
  for (const policy of POLICIES) {
    const { sentAt } = await play(policy, [speaksAfter(0)], createChat({ saveMs }))
    expect([policy.name, sentAt]).toEqual([policy.name, [policy.name === 'start' ? delayMs : 0]])
  }
})
