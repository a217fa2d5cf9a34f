import { describe, expect, test } from 'vitest'
import { DEFAULT_RETRY } from './policy.ts'
import { decide, NEW_LEDGER } from './decide.ts'
import { hasCorpus, readCorpus, skipReason } from '../testing/corpus.ts'
import { classifyAnswer, classifyErrorEvent, type RefusalKind } from './classify.ts'

const NOW = 1_800_000_000_000

function kindOf(status: number, headers: Record<string, string> = {}, body: unknown = ''): RefusalKind {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return classifyAnswer(status, new Headers(headers), text, NOW).kind
}

describe('classifyAnswer() reads the status', () => {
  test.each<[number, RefusalKind]>([
    [400, 'client_error'],
    [401, 'client_error'],
    [402, 'quota_exhausted'],
    [403, 'client_error'],
    [404, 'client_error'],
    [408, 'server_error'],
    [409, 'client_error'],
    [413, 'client_error'],
    [422, 'client_error'],
    [425, 'server_error'],
    [429, 'rate_limited'],
    [498, 'overloaded'],
    [500, 'server_error'],
    [501, 'client_error'],
    [502, 'server_error'],
    [503, 'server_error'],
    [504, 'server_error'],
    [505, 'client_error'],
    [520, 'server_error'],
    [524, 'server_error'],
    [529, 'overloaded'],
  ])('%i is %s', (status, kind) => {
    expect(kindOf(status)).toBe(kind)
  })
})

describe('classifyAnswer() reads the error body', () => {
  test.each<[number, unknown, RefusalKind]>([
    [429, { error: { type: 'insufficient_quota', code: 'insufficient_quota' } }, 'quota_exhausted'],
    [429, { error: { code: 'rate_limit_exceeded', type: 'tokens' } }, 'rate_limited'],
    [429, { type: 'error', error: { type: 'overloaded_error' } }, 'overloaded'],
    [403, { error: { type: 'billing_error' } }, 'quota_exhausted'],
    [500, { error: { code: 'server_is_overloaded' } }, 'overloaded'],
    [503, { error: { code: 'slow_down' } }, 'rate_limited'],
    [500, { error: { type: 'rate_limit_error' } }, 'rate_limited'],
    [400, { error: { type: 'overloaded_error' } }, 'client_error'],
    [429, { error: { message: 'insufficient_quota' } }, 'rate_limited'],
    [429, 'insufficient_quota', 'rate_limited'],
    [429, '{"error":{"code":"insufficient_qu', 'rate_limited'],
    [429, 'null', 'rate_limited'],
    [429, { code: 'insufficient_quota' }, 'quota_exhausted'],
  ])('%i %j is %s', (status, body, kind) => {
    expect(kindOf(status, {}, body)).toBe(kind)
  })
})

describe('classifyAnswer() reads the headers', () => {
  test.each<[number, Record<string, string>, RefusalKind]>([
    [500, { 'x-should-retry': 'false' }, 'client_error'],
    [429, { 'x-should-retry': 'false' }, 'quota_exhausted'],
    [409, { 'x-should-retry': 'true' }, 'server_error'],
    [409, { 'x-should-retry': 'maybe' }, 'client_error'],
    [503, { 'retry-after': '5' }, 'overloaded'],
    [503, { 'retry-after': '0' }, 'server_error'],
    [500, { 'retry-after': '5' }, 'server_error'],
  ])('%i %j is %s', (status, headers, kind) => {
    expect(kindOf(status, headers)).toBe(kind)
  })

  test('and keeps the hint and the status', () => {
    expect(classifyAnswer(429, new Headers({ 'retry-after': '7' }), '', NOW)).toEqual({
      kind: 'rate_limited',
      httpStatus: 429,
      hintMs: 7_000,
    })
    expect(classifyAnswer(404, new Headers(), '', NOW)).toEqual({ kind: 'client_error', httpStatus: 404 })
  })
})

describe('classifyErrorEvent() reads an error inside a 200', () => {
  test.each<[unknown, number, RefusalKind]>([
    [{ message: 'boom' }, 500, 'server_error'],
    [{ code: 400, message: 'bad' }, 400, 'client_error'],
    [{ code: 429, message: 'slow' }, 429, 'rate_limited'],
    [{ code: '429', message: 'slow' }, 429, 'rate_limited'],
    [{ status: 503 }, 503, 'server_error'],
    [{ code: 'rate_limit_exceeded' }, 500, 'rate_limited'],
    [{ type: 'overloaded_error' }, 500, 'overloaded'],
    [{ type: 'insufficient_quota', code: 200 }, 500, 'quota_exhausted'],
    ['boom', 500, 'server_error'],
    [true, 500, 'server_error'],
    [null, 500, 'server_error'],
    [undefined, 500, 'server_error'],
  ])('%j is a %i, %s', (error, httpStatus, kind) => {
    expect(classifyErrorEvent(error, NOW)).toEqual({ kind, httpStatus })
  })
})

interface RecordedError {
  id: string
  provider: string
  status: number
  headers: Record<string, string>
  body: string
  retryable_expected: boolean
}

describe(`the recorded error answers${skipReason}`, () => {
  const { errors } = readCorpus<{ errors: RecordedError[] }>('errors/error-responses.json', { errors: [] })
  test.skipIf(!hasCorpus)('are there', () => {
    expect(errors.length).toBeGreaterThan(150)
  })

  test.each(errors)(
    '$id: tried again: $retryable_expected',
    ({ id, status, headers, body, retryable_expected }) => {
      const refusal = classifyAnswer(status, new Headers(headers), body, NOW)
      const decision = decide(
        { kind: 'refused', refusal, inStream: false },
        { ...NEW_LEDGER, attempts: 1 },
        DEFAULT_RETRY,
        { now: NOW, random: () => 0, totalAt: NOW + 300_000, reasoning: false },
      )
      expect(decision.action).toBe((OTHERWISE[id] ?? retryable_expected) ? 'retry' : 'give_up')
      if (decision.action === 'retry') expect(decision.afterMs).toBeGreaterThanOrEqual(refusal.hintMs ?? 0)
    },
  )
})

/** Where we disagree with the list's expectation. */
const OTHERWISE: Record<string, boolean> = {
  // "Request too large": one request above the whole limit, which no wait makes smaller.
  'openai-429-4': false,
}
