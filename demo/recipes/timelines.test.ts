import * as fc from 'fast-check'
import type { RequestStatus, Status } from 'streamkeeper'
import { expect, test } from 'vitest'
import { type Row, toRow } from './timelines/src/row.ts'
import { tellFate, tellRow, tellStory } from './timelines/src/timeline-words.ts'
import { nextTimelines, type Timeline } from './timelines/src/timelines.ts'

const T0 = 1_000_000

function request(at: number) {
  return { at: T0 + at, own: true, requestId: 'r' }
}
function started(at = 0, model = 'm') {
  return {
    ...request(at),
    status: 'request_started',
    url: 'http://host/v1/chat',
    model,
    reasoning: false,
  } as const
}
function retry(at: number, attempt: number, afterMs: number) {
  return { ...request(at), attempt, retryAfterMs: afterMs, retryAt: T0 + at + afterMs, budgetLeftMs: 9_000 }
}
function limited(at: number, attempt: number, afterMs: number, hinted = true) {
  return {
    ...retry(at, attempt, afterMs),
    status: 'rate_limit_retry',
    reason: 'rate_limited',
    hinted,
  } as const
}
function held(at: number, afterMs: number) {
  return {
    ...request(at),
    status: 'rate_limit_wait',
    retryAfterMs: afterMs,
    retryAt: T0 + at + afterMs,
  } as const
}
function network(at: number, attempt: number, afterMs: number) {
  return { ...retry(at, attempt, afterMs), status: 'network_retry' } as const
}
function offline(at: number) {
  return { ...request(at), status: 'network_wait' } as const
}
function first(at: number, attempt: number, ttfbMs = at - 10) {
  return { ...request(at), status: 'first_output', ttfbMs, ttftMs: at, attempt } as const
}
function stalled(at: number, silentMs: number) {
  return { ...request(at), status: 'stream_stalled', silentMs, clock: 'transport' } as const
}
function flowing(at: number, silentMs: number) {
  return { ...stalled(at, silentMs), status: 'stream_flowing' } as const
}
function finished(at: number, attempts = 1, ttftMs = 100) {
  const sums = { attempts, waitedMs: 0, ttftMs, durationMs: at, bytes: 2_345 }
  return { ...request(at), status: 'request_finished', verdict: 'complete', ...sums } as const
}
function failed(at: number, attempts: number) {
  const code = 'rate_limited' as const
  return { ...request(at), status: 'request_failed', code, message: '', attempts, waitedMs: 0 } as const
}
function cancelled(at: number) {
  return { ...request(at), status: 'request_cancelled', by: 'page' } as const
}
function attached(at: number) {
  return { ...request(at), status: 'stream_attached', from: 0 } as const
}
function detached(at: number) {
  return { ...attached(at), status: 'stream_detached' } as const
}

function hear(statuses: Status[], max?: number): readonly Timeline[] {
  return statuses.reduce<readonly Timeline[]>((known, status) => nextTimelines(known, status, max), [])
}

function rowsOf(statuses: Status[], now = 60_000): Row[] {
  return hear(statuses).map((timeline) => toRow(timeline, T0 + now))
}

/** `attempt 1 0-100`, with its time from the start on. */
function sketch(row: Row | undefined): string[] {
  return (row?.segments ?? []).map((segment) => {
    const more =
      segment.kind === 'attempt' ? ` ${segment.attempt}` : segment.kind === 'wait' ? ` ${segment.why}` : ''
    return `${segment.kind}${more} ${segment.from - T0}-${segment.to - T0}`
  })
}

const WHOLE: RequestStatus[] = [
  started(),
  network(50, 2, 500),
  limited(600, 3, 2_000),
  first(2_700, 3),
  stalled(14_000, 10_000),
  flowing(16_000, 12_000),
  finished(17_000, 3, 2_700),
]
const WHOLE_SKETCH = [
  'attempt 1 0-50',
  'wait no_connection 50-550',
  'attempt 2 550-600',
  'wait busy 600-2600',
  'attempt 3 2600-2700',
  'answering 2700-4000',
  'stalled 4000-16000',
  'answering 16000-17000',
]

test.each<[string, Status[], string[]]>([
  ['attempts, waits, a stall and the end in their order', WHOLE, WHOLE_SKETCH],
  [
    'a wait for the network, as long as it lasts, and the tries that failed in it',
    [started(), network(50, 2, 500), offline(600), first(42_000, 12), finished(43_000, 12, 42_000)],
    [
      'attempt 1 0-50',
      'wait no_connection 50-550',
      'attempt 2 550-600',
      'wait offline 600-42000',
      'attempt 12 42000-42000',
      'answering 42000-43000',
    ],
  ],
  [
    'a wait for the network that is not over',
    [started(), offline(50)],
    ['attempt 1 0-50', 'wait offline 50-60000'],
  ],
  ['statuses that come in the wrong order', WHOLE.toReversed(), WHOLE_SKETCH],
  ['statuses that come twice', WHOLE.flatMap((each) => [each, each]), WHOLE_SKETCH],
  ['a good day', [started(), first(100, 1), finished(900)], ['attempt 1 0-100', 'answering 100-900']],
  ['a request that is open', [started()], ['attempt 1 0-60000']],
  [
    'a wait that is over, although nothing says so',
    [started(), limited(100, 2, 2_000)],
    ['attempt 1 0-100', 'wait busy 100-2100', 'attempt 2 2100-60000'],
  ],
  [
    'an attempt that failed in no time',
    [started(), network(10, 2, 500), network(510, 3, 500), cancelled(600)],
    ['attempt 1 0-10', 'wait no_connection 10-510', 'attempt 2 510-510', 'wait no_connection 510-600'],
  ],
  [
    'a request held back before its first attempt',
    [started(), held(0, 3_000), held(2_900, 1_000), first(4_000, 1), finished(5_000, 1, 4_000)],
    ['held 0-3900', 'attempt 1 3900-4000', 'answering 4000-5000'],
  ],
  [
    'a request held back after a wait',
    [started(), limited(100, 2, 1_000), held(1_105, 2_000), first(3_200, 2), finished(4_000, 2, 3_200)],
    ['attempt 1 0-100', 'wait busy 100-1105', 'held 1105-3105', 'attempt 2 3105-3200', 'answering 3200-4000'],
  ],
  [
    'a failure at the end of a wait: there was no attempt after it',
    [started(), held(0, 3_000), failed(3_100, 0)],
    ['held 0-3100'],
  ],
  [
    'a failure of the last attempt',
    [started(), limited(100, 2, 1_000), failed(1_300, 2)],
    ['attempt 1 0-100', 'wait busy 100-1100', 'attempt 2 1100-1300'],
  ],
  [
    'a stop in mid-wait',
    [started(), limited(100, 2, 5_000), cancelled(900)],
    ['attempt 1 0-100', 'wait busy 100-900'],
  ],
  [
    'a stall that only its end tells of',
    [started(), first(100, 1), flowing(5_000, 3_000), finished(6_000)],
    ['attempt 1 0-100', 'answering 100-2000', 'stalled 2000-5000', 'answering 5000-6000'],
  ],
  ['an end without a first output', [started(), finished(900)], ['attempt 1 0-100', 'answering 100-900']],
  ['only an end', [finished(900)], ['unseen 0-100', 'answering 100-900']],
  ['only a first output', [first(700, 3)], ['unseen 0-700', 'answering 700-60000']],
  ['only a retry', [limited(700, 3, 1_000)], ['wait busy 700-1700', 'attempt 3 1700-60000']],
  [
    'only a stall',
    [stalled(7_000, 1_000), flowing(9_000, 3_000)],
    ['answering 7000-7000', 'stalled 7000-9000', 'answering 9000-60000'],
  ],
  ['only that its page has gone', [detached(700)], ['unseen 700-60000']],
  [
    'what is told after the end',
    [started(), finished(900), attached(1_000)],
    ['attempt 1 0-100', 'answering 100-900'],
  ],
  ['a refusal that is told before its start', [failed(100, 1), started(0)], ['attempt 1 0-100']],
])('toRow() draws %s', (_name, statuses, expected) => {
  const rows = rowsOf(statuses)
  expect(rows).toHaveLength(1)
  expect(sketch(rows[0])).toEqual(expected)
})

test('toRow() marks headers and first output, whenever they were told', () => {
  expect(rowsOf([started(), first(700, 1, 300)])[0]?.marks).toEqual([
    { kind: 'headers', at: T0 + 300 },
    { kind: 'first_output', at: T0 + 700 },
  ])
})

test('toRow() says for how long a wait will last', () => {
  const [row] = rowsOf([started(), limited(100, 2, 3_000)], 1_000)
  expect(row?.segments.at(-1)).toMatchObject({ from: T0 + 100, to: T0 + 1_000, until: T0 + 3_100 })
})

test('an id that is used again is a request of its own', () => {
  const rows = rowsOf([started(), finished(900), { ...started(2_000), at: T0 + 2_000 }])
  expect(rows.map(sketch)).toEqual([['attempt 1 0-100', 'answering 100-900'], ['attempt 1 2000-60000']])
  expect(new Set(rows.map(({ key }) => key)).size).toBe(2)
})

test('nextTimelines() keeps the last requests, and open ones before ended ones', () => {
  const many = ['a', 'b', 'c', 'd'].map((requestId, index) => Object.assign(started(index), { requestId }))
  const ended = { ...cancelled(10), requestId: 'b' }
  expect(hear([...many.slice(0, 3), ended, many[3] as Status], 3).map(({ requestId }) => requestId)).toEqual([
    'a',
    'c',
    'd',
  ])
  expect(hear(many, 3).map(({ requestId }) => requestId)).toEqual(['b', 'c', 'd'])
})

test('nextTimelines() takes no notice of what is told of no request', () => {
  const told = { at: T0, own: true, message: '', requestId: 'r' }
  const save = { at: T0, own: true, entryId: 'e', conversation: 'c', attempts: 1 }
  const known = hear([started()])
  expect(nextTimelines(known, { ...told, status: 'storage_degraded' })).toBe(known)
  expect(nextTimelines(known, { ...save, status: 'save_retry' })).toBe(known)
})

test('a request of another tab is not own, until this page reads it', () => {
  const [row] = rowsOf([{ ...started(), own: false }])
  expect(row?.own).toBe(false)
  const [read] = rowsOf([{ ...started(), own: false }, first(100, 1), attached(200)])
  expect(read?.own).toBe(true)
})

test('any statuses in any order make a row without gaps, and words for it', () => {
  const any = fc.shuffledSubarray(
    [...WHOLE, held(10, 50), failed(5_000, 2), cancelled(6_000), detached(800)],
    {
      minLength: 1,
    },
  )
  fc.assert(
    fc.property(any, fc.integer({ min: -1_000, max: 30_000 }), (statuses, now) => {
      for (const row of rowsOf(statuses, now)) {
        let at = row.startedAt
        for (const { from, to } of row.segments) {
          expect(from).toBe(at)
          expect(to).toBeGreaterThanOrEqual(from)
          at = to
        }
        expect(at).toBe(row.endedAt)
        for (const words of [tellRow(row), tellFate(row), ...tellStory(row).map(({ words }) => words)]) {
          expect(words).not.toMatch(/NaN|undefined/)
        }
      }
    }),
  )
})

test('tellRow() tells the whole story', () => {
  const [row] = rowsOf(WHOLE)
  expect(row && tellRow(row)).toBe(
    'm. Attempt 1: 0.1 s. No response, waited 0.5 s. Attempt 2: 0.1 s. Busy, as the service asked, waited 2.0 s. ' +
      'Attempt 3: 0.1 s. Answering: 1.3 s. Silent: 12 s. Answering: 1.0 s. Complete.',
  )
})

test('tellStory() has its times, its marks and its size', () => {
  const [row] = rowsOf([
    started(),
    first(700, 1, 300),
    { ...finished(2_000, 1, 700), usage: { outputTokens: 12 } },
  ])
  expect(row && tellStory(row).map(({ afterMs, words }) => `${afterMs} ${words}`)).toEqual([
    '0 Attempt 1: 0.7 s',
    '300 Headers',
    '700 First word',
    '700 Answering: 1.3 s',
    '2000 Complete · 2.3 kB · 12 tokens out',
  ])
})

test.each<[string, Status[], string]>([
  ['that is open', [started()], 'Attempt 1 · 1.0 s'],
  ['that waits', [started(), limited(100, 2, 3_000)], 'Busy · 2.1 s more'],
  ['that is silent', [started(), first(100, 1), stalled(900, 500)], 'Silent · 1.0 s'],
  ['that is complete', [started(), finished(900)], 'Complete · 0.9 s'],
  [
    'that failed',
    [started(), { ...failed(900, 1), httpStatus: 429 }],
    'Failed: Too many requests (429) · 0.9 s',
  ],
  ['that was stopped', [started(), cancelled(900)], 'Stopped · 0.9 s'],
])('tellFate() of a request %s', (_name, statuses, words) => {
  const [row] = rowsOf(statuses, 1_000)
  expect(row && tellFate(row)).toBe(words)
})
