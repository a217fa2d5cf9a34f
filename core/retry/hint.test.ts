import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readHint } from './hint.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

function hint(headers: Record<string, string>, body: unknown = '', status = 429): number | undefined {
  return readHint(status, new Headers(headers), body, NOW)
}

describe('readHint() reads the headers of', () => {
  test.each<[string, Record<string, string>, number | undefined]>([
    ['everybody', { 'retry-after': '5' }, 5_000],
    ['Azure, zero beside a value', { 'retry-after': '1', 'retry-after-ms': '0' }, 1_000],
    ['OpenAI', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' }, 360_000],
    ['Groq', { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '2m59.56s' }, 179_560],
    [
      'Cerebras',
      { 'x-ratelimit-remaining-tokens-minute': '0', 'x-ratelimit-reset-tokens-minute': '7.5' },
      7_500,
    ],
    [
      'Anthropic',
      {
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:30Z',
        'anthropic-ratelimit-tokens-remaining': '100',
        'anthropic-ratelimit-tokens-reset': '2026-01-01T00:05:00Z',
      },
      30_000,
    ],
    ['Anthropic’s subscriptions', { 'anthropic-ratelimit-unified-reset': String(NOW / 1000 + 60) }, 60_000],
    [
      'OpenRouter, in epoch ms',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + 1_500) },
      1_500,
    ],
    ['the older draft', { 'ratelimit-remaining': '0', 'ratelimit-reset': '9' }, 9_000],
    ['the draft', { ratelimit: '"burst";r=10;t=2, "day";r=0;t=30' }, 30_000],
    [
      'limits that are not used up',
      { 'x-ratelimit-remaining-tokens': '9', 'x-ratelimit-reset-tokens': '8s' },
      undefined,
    ],
    ['a reset of a 429 that says no more', { 'x-ratelimit-reset': '8' }, 8_000],
    ['a reset that makes no sense', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '-1' }, undefined],
    ['a reset that is over', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1700000000' }, undefined],
  ])('%s', (_name, headers, ms) => {
    expect(hint(headers)).toBe(ms)
  })

  test('a server whose clock goes otherwise', () => {
    const headers = { date: 'Wed, 31 Dec 2025 23:00:00 GMT', 'retry-after': 'Wed, 31 Dec 2025 23:00:05 GMT' }
    expect(hint(headers)).toBe(5_000)
  })

  test('a 503 only where a limit is used up', () => {
    expect(hint({ 'x-ratelimit-reset': '8' }, '', 503)).toBeUndefined()
    expect(hint({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '8' }, '', 503)).toBe(8_000)
  })
})

describe('readHint() reads the body of', () => {
  test.each<[string, unknown, number | undefined]>([
    ['Gemini', { error: { details: [{ '@type': 'RetryInfo', retryDelay: '34.4s' }] } }, 34_400],
    [
      'Gemini, the longer one',
      { error: { message: 'Please retry in 48.9s.', details: [{ retryDelay: '48s' }] } },
      48_900,
    ],
    ['NEAR', { error: 'Too many requests', retry_after_ms: 1_234 }, 1_234],
    ['OpenAI', { error: { message: 'Rate limit reached. Please try again in 18.642s.' } }, 18_642],
    ['Azure', { error: { message: 'Please retry after 45 seconds.' } }, 45_000],
    ['Gemini, hours', { error: { message: 'Please retry in 10h17m5.7s.' } }, 37_025_700],
    ['OpenAI, minutes', { error: { message: 'Please try again in 6m0s. Visit 2 pages' } }, 360_000],
    ['OpenAI, milliseconds', { error: { message: 'Please try again in 120ms.' } }, 120],
    ['plain text', 'Slow down and try again in 3 minutes', 180_000],
    [
      'OpenRouter, the provider’s headers in it',
      {
        error: {
          metadata: { headers: { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(NOW + 2_000) } },
        },
      },
      2_000,
    ],
    [
      'one that only sounds so',
      { error: { message: 'Please try again in a while, 20s at most' } },
      undefined,
    ],
    ['a header that is none', { 'retry-after': '5\nx', 'x-ratelimit-reset': 'ä' }, undefined],
    ['one without any', { error: { message: 'No' } }, undefined],
  ])('%s', (_name, body, ms) => {
    expect(hint({}, body)).toBe(ms)
  })

  test('but Retry-After comes first', () => {
    expect(hint({ 'retry-after': '6' }, { error: { message: 'Please try again in 5.289s.' } })).toBe(6_000)
  })
})

test('readHint() is never shorter than what was asked, whatever the dialect', () => {
  const ms = fc.oneof(fc.integer({ min: 1, max: 10 * 86_400_000 }), fc.integer({ min: 1, max: 2_000 }))
  const dialects: ((ms: number) => [Record<string, string>, unknown])[] = [
    (asked) => [{ 'retry-after': String(asked / 1000) }, ''],
    (asked) => [{ 'retry-after-ms': String(asked) }, ''],
    (asked) => [{ 'retry-after': new Date(NOW + Math.ceil(asked / 1000) * 1000).toUTCString() }, ''],
    (asked) => [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${asked}ms` }, ''],
    (asked) => [{ 'anthropic-ratelimit-requests-reset': new Date(NOW + asked).toISOString() }, ''],
    (asked) => [{}, { retry_after_ms: asked }],
    (asked) => [{}, { error: { details: [{ retryDelay: `${asked / 1000}s` }] } }],
    (asked) => [{}, { error: { message: `Please try again in ${asked / 1000}s.` } }],
    (asked) => [{ 'x-amz-retry-after': String(asked) }, ''],
    (asked) => [{ ratelimit: `"minute";r=0;t=${Math.ceil(asked / 1000)}` }, ''],
    (asked) => [{ 'ratelimit-remaining': '0', 'ratelimit-reset': String(asked / 1000) }, ''],
    (asked) => [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + asked) }, ''],
    // A server whose clock is wrong by days says `Date`, too: its own dates are measured by it.
    (asked) => [
      {
        date: new Date(NOW + asked * 7).toUTCString(),
        'retry-after': new Date(Math.ceil((NOW + asked * 8) / 1000) * 1000).toUTCString(),
      },
      '',
    ],
    // Beside it another header says zero, or nonsense.
    (asked) => [{ 'retry-after-ms': String(asked), 'retry-after': '0' }, ''],
    (asked) => [{ 'retry-after-ms': '-1', 'retry-after': `${asked / 1000}, -5` }, ''],
  ]
  fc.assert(
    fc.property(ms, fc.constantFrom(...dialects), (asked, dialect) => {
      const [headers, body] = dialect(asked)
      expect(hint(headers, body)).toBeGreaterThanOrEqual(asked)
    }),
  )
})

test('readHint() takes anything without harm', () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (body, value) => {
      const text = value.replaceAll(/[^\u0020-\u007E]/g, '')
      const ms = hint({ 'retry-after': text, 'x-ratelimit-reset': text, ratelimit: text, date: text }, body)
      expect(ms === undefined || (Number.isFinite(ms) && ms > 0)).toBe(true)
    }),
  )
})
