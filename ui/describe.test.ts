import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { FailureCode, OutboxEntry, Status, StatusName } from '../client/index.ts'
import { describeEmptyOutbox, describeEntry, describePreview } from './describe-entry.ts'
import { describeFailure } from './describe-failure.ts'
import { describeForScreenReader, describeStatus } from './describe-status.ts'
import { ENGLISH, type PartialWords, type Words } from './words.ts'

const NOW = 1_000_000
const DOCS = readDocs('statuses.md')
const [CODES_OF_CHATS = '', CODES_OF_SAVES = ''] = readDocs('failures.md')
  .split(/^## The codes of chats|^## The codes of saved messages/m)
  .slice(1)

const chat = { at: NOW, own: true, requestId: 'r' }
const save = { at: NOW, own: true, entryId: 'e', conversation: 'c', attempts: 1 }
const retry = { ...chat, attempt: 2, retryAfterMs: 3_000, retryAt: NOW + 3_000, budgetLeftMs: 9_000 }
const started = { ...chat, status: 'request_started', url: '', reasoning: false } as const
const limited = { ...retry, status: 'rate_limit_retry', reason: 'rate_limited', hinted: true } as const
const failed = { ...chat, status: 'request_failed', message: '', attempts: 1, waitedMs: 0 } as const
const silent = { ...chat, silentMs: 12_000, clock: 'transport' } as const
const emitted = { at: NOW, own: true, message: '' }

/** The samples that the table in the docs shows for each, in order. */
const SAMPLES: { [Name in StatusName]: (Status & { status: Name })[] } = {
  request_started: [started, { ...started, at: NOW - 5_000 }, { ...started, reasoning: true }],
  rate_limit_retry: [limited, { ...limited, reason: 'overloaded' }],
  rate_limit_wait: [
    { ...chat, status: 'rate_limit_wait', retryAfterMs: 3_000, retryAt: NOW + 3_000 },
    { ...chat, status: 'rate_limit_wait', retryAfterMs: 0, retryAt: NOW },
  ],
  network_wait: [{ ...chat, status: 'network_wait' }],
  network_retry: [
    { ...retry, status: 'network_retry' },
    { ...retry, status: 'network_retry', phase: 'worker_lost', retryAt: NOW },
  ],
  timeout_retry: [{ ...retry, status: 'timeout_retry' }],
  server_retry: [
    { ...retry, status: 'server_retry', httpStatus: 500 },
    { ...retry, status: 'server_retry' },
  ],
  first_output: [{ ...chat, status: 'first_output', ttfbMs: 1, ttftMs: 1, attempt: 1 }],
  stream_stalled: [{ ...silent, status: 'stream_stalled' }],
  stream_flowing: [{ ...silent, status: 'stream_flowing' }],
  stream_resuming: [{ ...chat, status: 'stream_resuming', from: 'server', attempt: 1, retryAt: NOW }],
  stream_resumed: [{ ...chat, status: 'stream_resumed', gapMs: 1 }],
  stream_detached: [{ ...chat, status: 'stream_detached', from: 0 }],
  stream_attached: [{ ...chat, status: 'stream_attached', from: 0 }],
  request_finished: [
    {
      ...chat,
      status: 'request_finished',
      verdict: 'complete',
      attempts: 1,
      waitedMs: 0,
      ttftMs: 1,
      durationMs: 1,
      bytes: 1,
    },
  ],
  request_failed: [
    { ...failed, code: 'network_error' },
    { ...failed, code: 'rate_limited', retryAt: NOW + 80_000 },
  ],
  request_cancelled: [{ ...chat, status: 'request_cancelled', by: 'page' }],
  save_queued: [{ ...save, status: 'save_queued' }],
  save_sent: [{ ...save, status: 'save_sent' }],
  save_retry: [{ ...save, status: 'save_retry', retryAt: NOW + 3_000 }],
  save_needs_auth: [{ ...save, status: 'save_needs_auth' }],
  save_dead: [
    { ...save, status: 'save_dead', code: 'upstream_error' },
    { ...save, status: 'save_dead', code: 'network_error' },
    { ...save, status: 'save_dead', code: 'unsure' },
    { ...save, status: 'save_dead', code: 'storage_unavailable' },
  ],
  storage_degraded: [{ ...emitted, status: 'storage_degraded' }],
  outbox_restored: [{ ...emitted, status: 'outbox_restored' }],
  worker_waiting: [{ ...emitted, status: 'worker_waiting' }],
  worker_updated: [{ ...emitted, status: 'worker_updated' }],
}

/** Why a message is a dead letter; `undefined`: none is for that. */
const DEAD: Record<FailureCode, string | undefined> = {
  headers_timeout: undefined,
  first_output_timeout: undefined,
  total_timeout: undefined,
  transport_idle: undefined,
  output_idle: undefined,
  truncated: undefined,
  error_in_stream: undefined,
  retry_budget_exhausted: undefined,
  worker_lost: undefined,
  upstream_error: 'The server did not accept it',
  quota_exhausted: 'The server did not accept it',
  rate_limited: 'It could not be delivered in time',
  overloaded: 'It could not be delivered in time',
  network_error: 'It could not be delivered in time',
  unsure: 'It may or may not have arrived',
  storage_unavailable: 'The browser lost data needed to send it',
}
const DEAD_CODES = (Object.keys(DEAD) as FailureCode[]).filter((code) => DEAD[code] !== undefined)

const CODES: Record<FailureCode, { httpStatus?: number }[]> = {
  headers_timeout: [{}],
  first_output_timeout: [{}],
  total_timeout: [{}],
  transport_idle: [{}],
  output_idle: [{}],
  rate_limited: [{ httpStatus: 429 }],
  quota_exhausted: [{ httpStatus: 429 }],
  overloaded: [{ httpStatus: 529 }],
  upstream_error: [{ httpStatus: 401 }, { httpStatus: 400 }, { httpStatus: 500 }, {}],
  network_error: [{}],
  truncated: [{}],
  error_in_stream: [{}, { httpStatus: 400 }],
  retry_budget_exhausted: [{}],
  worker_lost: [{}],
  storage_unavailable: [{}],
  unsure: [{}],
}

const ENTRIES: Record<OutboxEntry['state'], Partial<OutboxEntry>[]> = {
  queued: [{}],
  sending: [{}],
  waiting: [
    { attempts: 1, retryAt: NOW + 3_000 },
    { attempts: 2, retryAt: NOW },
  ],
  needs_auth: [{ attempts: 1 }],
  dead: [
    { attempts: 1, code: 'upstream_error' },
    { code: 'network_error' },
    { code: 'unsure' },
    { code: 'storage_unavailable' },
  ],
}

function readDocs(name: string): string {
  return readFileSync(resolve(import.meta.dirname, '../docs', name), 'utf8')
}

/** The failure codes that a text names. */
function codesIn(text: string): string[] {
  const named = new Set(text.match(/(?<=`)[a-z_]+(?=`)/g))
  return Object.keys(CODES).filter((code) => named.has(code))
}

/** The cells of the row that begins with `name`. */
function rowOf(name: string): string[] {
  const row = DOCS.split('\n').find((line) => line.startsWith(`| \`${name}\` `))
  return (
    row
      ?.split('|')
      .slice(2, -1)
      .map((cell) => cell.trim()) ?? []
  )
}

function cellOf(words: string[]): string {
  return words.join('<br>') || 'nothing'
}

test.each(Object.entries(SAMPLES))('docs/statuses.md says what a person reads of %s', (name, samples) => {
  const [, words, aloud] = rowOf(name)
  expect(words).toBe(cellOf(samples.map((status) => describeStatus(status, { now: NOW }))))
  const [said = ''] = samples.map((status) => describeForScreenReader(status))
  const [read = ''] = samples.map((status) => describeStatus(status, { now: status.at }))
  expect(aloud).toBe(said === '' ? 'no' : said === read ? 'yes' : said)
})

test.each(Object.entries(CODES))('docs/statuses.md says what a person reads of %s', (code, samples) => {
  const words = samples.map((more) => describeFailure({ code: code as FailureCode, ...more }))
  expect(rowOf(code)[1]).toBe(cellOf(words.map(({ title, advice }) => `${title}. ${advice}`)))
})

test.each(Object.entries(ENTRIES))(
  'docs/statuses.md says what a person reads of a message that is %s',
  (state, samples) => {
    const entry = { id: 'e', conversation: 'c', url: '', method: 'POST', createdAt: NOW, attempts: 0 }
    const words = samples.map((more) =>
      describeEntry({ ...entry, state: state as OutboxEntry['state'], ...more }, { now: NOW }),
    )
    expect(rowOf(state)[0]).toBe(cellOf(words))
  },
)

test.each(DEAD_CODES)('a dead letter is described by its code, %s', (code) => {
  expect(describeEntry({ state: 'dead', code, attempts: 0 })).toBe(DEAD[code])
  expect(describeStatus({ ...save, status: 'save_dead', code })).toContain(`. ${DEAD[code]}.`)
})

test('docs/failures.md lists each code', () => {
  expect(codesIn(CODES_OF_SAVES)).toEqual(codesIn(DEAD_CODES.map((code) => `\`${code}\``).join()))
  expect(codesIn(CODES_OF_CHATS + CODES_OF_SAVES)).toEqual(Object.keys(CODES))
})

describe('describeEmptyOutbox()', () => {
  const none = { queued: 0, needsAuth: 0, dead: 0 }

  test('says nothing before the worker is known', () => {
    expect(describeEmptyOutbox('starting')).toBe('')
  })

  test.each([
    ['queued', { ...none, queued: 3 }],
    ['needsAuth', { ...none, needsAuth: 1 }],
    ['dead', { ...none, dead: 1 }],
  ])('says nothing of a list that is empty only because it has not been read: %s', (_which, counts) => {
    expect(describeEmptyOutbox('controlling', { counts })).toBe('')
  })

  test('says that there are no messages, or can be none', () => {
    expect(describeEmptyOutbox('controlling', { counts: none })).toBe('There are no unsent messages.')
    expect(describeEmptyOutbox('controlling')).toBe('There are no unsent messages.')
    for (const state of ['fallback', 'unsupported'] as const) {
      expect(describeEmptyOutbox(state, { counts: none })).toBe(ENGLISH.noOutbox)
    }
  })
})

test('a 401 that is about the quota says so', () => {
  expect(describeFailure({ code: 'quota_exhausted', httpStatus: 401 })).toBe(ENGLISH.failures.quota_exhausted)
})

describe('an error in a 200', () => {
  const words = (httpStatus?: number) =>
    describeFailure({ code: 'error_in_stream', ...(httpStatus === undefined ? {} : { httpStatus }) })

  test('that blames the request is a refusal', () => {
    expect(words(401)).toEqual(ENGLISH.unauthorized)
    expect(words(400)).toEqual(ENGLISH.refused(400))
  })

  test('is described alike with and without output, and without a status that may be a guess', () => {
    expect(words(500)).toEqual(words())
    expect(words().title).toBe('No complete answer')
  })
})

test.each([
  ['422 {"error":{"message":"Too long","code":"length"}}', 'Too long'],
  ['400 {"error":"Too long"}', 'Too long'],
  ['400 {"message":"Too long"}', 'Too long'],
  ['404 {"detail":"No such session"}', 'No such session'],
  ['200 {"errors":[{"message":"Too long","path":["send"]},{"message":"Late"}],"data":null}', 'Too long'],
  ['422 {"errors":["Text is too long"]}', 'Text is too long'],
  ['200 {"errors":[]}', '200 {"errors":[]}'],
  ['400 {"error":{"code":7}}', '400 {"error":{"code":7}}'],
  ['400 null', '400 null'],
  ['413 Request too large', '413 Request too large'],
  ['422 {"error":{"message":"Too lo', '422 {"error":{"message":"Too lo'],
])('describePreview() makes of %s: %s', (preview, words) => {
  expect(describePreview(preview)).toBe(words)
})

/** Other words for everything: what was said is `ø`, and only values that come from outside stay. */
function translated(words: Words): Words {
  const translate = (value: unknown): unknown => {
    if (typeof value === 'string') return 'ø'
    if (typeof value === 'function') return () => 'ø'
    return Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, translate(each)]))
  }
  return {
    ...(translate(words) as Words),
    duration: () => 'ø',
    refused: () => ({ title: 'ø', advice: 'ø' }),
    failed: ({ title, advice }) => title + advice,
  }
}

test('an app’s own words replace every English one', () => {
  const words = translated(ENGLISH)
  const said = [
    ...Object.values(SAMPLES).flatMap((samples: readonly Status[]) =>
      samples.flatMap((status) => [
        describeStatus(status, { now: NOW, words }),
        describeForScreenReader(status, { words }),
      ]),
    ),
    ...Object.entries(CODES).flatMap(([code, samples]) =>
      samples.flatMap((more) =>
        Object.values(describeFailure({ code: code as FailureCode, ...more }, { words })),
      ),
    ),
    ...Object.entries(ENTRIES).flatMap(([state, samples]) =>
      samples.map((more) =>
        describeEntry({ state: state as OutboxEntry['state'], attempts: 0, ...more }, { now: NOW, words }),
      ),
    ),
    describeEmptyOutbox('controlling', { words }),
    describeEmptyOutbox('fallback', { words }),
  ]
  expect(said.filter((words) => words !== '' && !/^ø+$/.test(words))).toEqual([])
})

test('what an app does not translate stays English, also one failure of many', () => {
  const words: PartialWords = {
    rateLimited: 'Ausgelastet',
    failures: { truncated: { title: 'Abgeschnitten', advice: 'Der Rest fehlt.' } },
  }
  expect(describeStatus(limited, { now: NOW, words })).toBe('Ausgelastet — trying again in 3 s · attempt 2')
  expect(describeFailure({ code: 'truncated' }, { words }).title).toBe('Abgeschnitten')
  expect(describeFailure({ code: 'network_error' }, { words })).toEqual(ENGLISH.failures.network_error)
})

test('a word can be left as it is: undefined replaces nothing', () => {
  const words = { rateLimited: undefined } as unknown as PartialWords
  expect(describeStatus(limited, { now: NOW, words })).toBe('Busy — trying again in 3 s · attempt 2')
})

test.each([
  [-5, '0 s'],
  [0, '0 s'],
  [1, '1 s'],
  [89_000, '89 s'],
  [89_001, '1 min 30 s'],
  [120_000, '2 min'],
  [5_400_000, '1 h 30 min'],
  [7_200_000, '2 h'],
])('%i ms are %s: rounded up, in the two largest units', (ms, words) => {
  expect(ENGLISH.duration(ms)).toBe(words)
})
