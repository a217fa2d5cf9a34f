import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readRetryHint } from './retry-hint.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

function retryHint(headers: Record<string, string>, body: unknown = '', status = 429): number | undefined {
  return readRetryHint(status, new Headers(headers), body, NOW)
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
    ['the draft before', { ratelimit: 'limit=100, remaining=0, reset=30' }, 30_000],
    [
      'the draft before, a limit that is not used up',
      { ratelimit: 'limit=100, remaining=3, reset=30' },
      undefined,
    ],
    [
      'a reset that is named as a wait',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '7.5' },
      7_500,
    ],
    ['a time in ms of no standard', { 'x-retry-after-ms': '1500' }, 1_500],
    ['the draft', { ratelimit: '"burst";r=10;t=2, "day";r=0;t=30' }, 30_000],
    ['the draft, a limit that is not used up', { ratelimit: '"burst";r=0;t=2,"day";r=10;t=3600' }, 2_000],
    ['the draft, with blanks', { ratelimit: '"burst"; r=0; t=2, "day"; r=10; t=3600' }, 2_000],
    [
      'limits that are not used up',
      { 'x-ratelimit-remaining-tokens': '9', 'x-ratelimit-reset-tokens': '8s' },
      undefined,
    ],
    ['a reset of a 429 that says no more', { 'x-ratelimit-reset': '8' }, 8_000],
    ['a reset beside the limit’s size', { 'x-ratelimit-limit': '500', 'x-ratelimit-reset': '8' }, 8_000],
    [
      'the limit that says it is used up, and none that says nothing',
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '12s',
        'x-ratelimit-reset-tokens': '6m0s',
      },
      12_000,
    ],
    [
      'a gateway whose limit is overdrawn',
      { 'x-ratelimit-remaining-tokens': '-20', 'x-ratelimit-reset-tokens': '8s' },
      8_000,
    ],
    [
      'Azure, which knows nothing',
      { 'x-ratelimit-remaining-tokens': '-1', 'x-ratelimit-reset-tokens': '0' },
      undefined,
    ],
    ['a reset that makes no sense', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '-1' }, undefined],
    ['a reset that is over', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1700000000' }, undefined],
  ])('%s', (_name, headers, ms) => {
    expect(retryHint(headers)).toBe(ms)
  })

  test('a server whose clock goes otherwise', () => {
    const headers = { date: 'Wed, 31 Dec 2025 23:00:00 GMT', 'retry-after': 'Wed, 31 Dec 2025 23:00:05 GMT' }
    expect(retryHint(headers)).toBe(5_000)
  })

  test('a 503 only where a limit is used up', () => {
    expect(retryHint({ 'x-ratelimit-reset': '8' }, '', 503)).toBeUndefined()
    expect(retryHint({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '8' }, '', 503)).toBe(8_000)
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
    expect(retryHint({}, body)).toBe(ms)
  })

  test('a response, but uses Retry-After first', () => {
    expect(retryHint({ 'retry-after': '6' }, { error: { message: 'Please try again in 5.289s.' } })).toBe(
      6_000,
    )
  })
})

describe('C4 readHint() reads', () => {
  test.each<[string, number]>([
    ['Rate limit reached. Please wait 42 seconds before trying again.', 42_000],
    ['Please wait at least 2 minutes', 120_000],
    ['Wait for about 1 hour and then retry', 3_600_000],
    ['Please try your request again in 20 seconds.', 20_000],
    ['Retry your request after 1 minute and 30 seconds', 90_000],
    ['Your quota will reset after 3h20m5s.', 12_005_000],
    ['Limit resets in: 2m', 120_000],
    ['Please retry in approximately 1.5 hours', 5_400_000],
    ['Available again in 2 days', 172_800_000],
    ['Please try again in 500 milliseconds', 500],
    ['Please try again at 2026-01-01T00:00:30Z', 30_000],
    ['Try again at Thu, 01 Jan 2026 00:00:05 GMT.', 5_000],
    ['usage limit exceeded, resets at 2026-01-01T08:01:00+08:00 (2056)', 60_000],
    ['Wait until 2026-01-01 00:00:10 UTC', 10_000],
    ['429 Too Many Requests, retry-after: 30', 30_000],
    ['Retry after 30. Visit our docs', 30_000],
    ['429 {"error":{"details":[{"retryDelay":"34.4s"}', 34_400],
    ['{"error":{"details":[{"retryDelay":"34.4s"}', 34_400],
    ['[rate limited] Please try again in 42s', 42_000],
    ['Please wait for 5 more seconds', 5_000],
    ['Come back in 10 minutes', 600_000],
    ['Limit resets at 1767225642', 42_000],
    ['Try again in 3s, or try again in 9s', 9_000],
  ])('the words %j', (words, ms) => {
    expect(retryHint({}, { error: { message: words } })).toBe(ms)
    expect(retryHint({}, words, 503)).toBe(ms)
    expect(retryHint({}, JSON.stringify({ error: JSON.stringify({ message: words }) }))).toBe(ms)
  })

  test.each([
    'wait a moment and try again',
    'If you created it within the last 5 minutes, please wait a moment and try again.',
    'Please wait a few minutes, then retry. Limit: 20 / min',
    'try 30 days for free',
    'retry limit 3 million',
    'Retry after 3 attempts',
    'The request timed out after 30 seconds',
    'Processed in 42s, and then refused',
    'Try again at 5% load',
    'Please try again in 0s',
    'Please try again in -5 s',
    'Your limit will reset at 2026-01-09 12:00:00',
    'Try again at 2025-12-31T23:59:59Z',
    'try again in 99999999999999999999 years',
  ])('nothing in %j', (words) => {
    expect(retryHint({}, { error: { message: words } })).toBeUndefined()
  })

  test.each<[unknown, number]>([
    [{ retryAfter: 42 }, 42_000],
    [{ retry_after_seconds: 42 }, 42_000],
    [{ error: { resets_in_seconds: 42 } }, 42_000],
    [{ retry_after: '42' }, 42_000],
    [{ retry_after: '42s' }, 42_000],
    [{ retry_after: ' 42s ' }, 42_000],
    [{ 'retry-after': 42 }, 42_000],
    [{ 'Retry-After': 'Thu, 01 Jan 2026 00:00:42 GMT' }, 42_000],
    [{ retryAfterMs: 420 }, 420],
    [{ 'retry-after-ms': '420' }, 420],
    [{ retry_after_millis: 420 }, 420],
    [{ retryAfterMinutes: 2 }, 120_000],
    [{ retry_after_min: 2 }, 120_000],
    [{ retry_after_sec: 42 }, 42_000],
    [{ retryIn: 42 }, 42_000],
    [{ retryDelay: { seconds: 42 } }, 42_000],
    [{ retry_delay_ms: 420 }, 420],
    [{ wait_seconds: 42 }, 42_000],
    [{ waitTime: 42 }, 42_000],
    [{ seconds_until_reset: 42 }, 42_000],
    [{ cooldown_seconds: 42 }, 42_000],
    [{ retry_after_s: 42 }, 42_000],
    [{ error: 'Model is currently loading', estimated_time: 42.0 }, 42_000],
    [{ metadata: { quotaResetDelay: '41.3s', quotaResetTimeStamp: '2026-01-01T00:00:42Z' } }, 42_000],
    [{ rateLimitReset: 42 }, 42_000],
    [{ reset_at: NOW / 1000 + 42 }, 42_000],
    [{ resetsAt: NOW + 420 }, 420],
    [{ resets_at: '2026-01-01T00:00:42Z' }, 42_000],
    [{ resetTime: '2026-01-01T00:00:42+00:00' }, 42_000],
    [{ resetTime: '2026-01-01T08:00:42+0800' }, 42_000],
    [{ resetTime: '2026-01-01T00:01Z' }, 60_000],
    [{ retry_at: '2026-01-01T00:00:42.000000' }, 42_000],
    [{ next_retry_at: String(NOW + 42_000) }, 42_000],
    [
      { error: { headers: { 'x-ratelimit-reset-requests': '42s', 'x-ratelimit-remaining-requests': 0 } } },
      42_000,
    ],
    [{ rate_limit_remaining_requests: 0, rate_limit_reset_requests: '42s' }, 42_000],
    [{ rate_limit: { remaining: 0, resets_in_seconds: 42 } }, 42_000],
    [{ rate_limit: { remaining: 12 }, retry_after: 42 }, 42_000],
    [{ error_messages: ['Please try again in 42s'] }, 42_000],
    [{ retry_after: 3, retry_after_ms: 0 }, 3_000],
    [{ error_code: 1033, retryable: true, retry_after: 20 }, 20_000],
  ])('the field of %j', (body, ms) => {
    expect(retryHint({}, body)).toBe(ms)
    expect(retryHint({}, JSON.stringify(body))).toBe(ms)
  })

  test.each<[unknown]>([
    [{ retry_after: 0 }],
    [{ retry_after: -5 }],
    [{ retry_after: null }],
    [{ retry_after: { toString: 0 } }],
    [{ retry_after: true }],
    [{ retryAfter: 'soon' }],
    [{ retry_after: 1e300 }],
    [{ reset_at: '2025-12-31T00:00:00Z' }],
    [{ retry_count: 3, retries: 4, retryable: true, waiting: 7, reset: 5, available: 9 }],
    [{ rate_limit: { remaining: 12, resets_in_seconds: 42 } }],
    [{ rate_limit: { requests_remaining: 12, resets_in_seconds: 42 } }],
    // A setting, and no wait.
    [{ max_retry_delay: 42 }],
    // z.ai means its local time by this.
    [{ reset_at: '2026-01-01 00:00:42' }],
    // No names of headers.
    [{ 'x-ratelimit-reset (s)': 42 }],
    [{ 'my x-ratelimit-reset': 42 }],
  ])('nothing in %j', (body) => {
    expect(retryHint({}, body)).toBeUndefined()
  })
})

describe('S8 readHint() reads an epoch as one', () => {
  test.each<[Record<string, string>, number | undefined]>([
    [{ 'retry-after': String(NOW / 1000 + 20) }, 20_000],
    [{ 'retry-after': String(NOW + 20_000) }, 20_000],
    [{ 'retry-after-ms': String(NOW + 20) }, 20],
    [{ 'x-ratelimit-retry-after': String(NOW / 1000 + 20) }, 20_000],
    [{ 'retry-after': String(NOW / 1000 - 20) }, undefined],
    [{ 'retry-after': '9'.repeat(35) }, undefined],
    [{ 'retry-after': '30s' }, 30_000],
  ])('in %j', (headers, ms) => {
    expect(retryHint(headers)).toBe(ms)
    expect(retryHint(headers, '', 503)).toBe(ms)
  })
})

describe('S9 readHint() counts from the Date of the response', () => {
  const date = 'Wed, 31 Dec 2025 23:10:00 GMT' // The device is 50 minutes ahead.

  test.each<[string, Record<string, string>, unknown]>([
    ['a date', { 'retry-after': 'Wed, 31 Dec 2025 23:10:30 GMT' }, ''],
    ['an epoch', { 'retry-after': String(NOW / 1000 - 50 * 60 + 30) }, ''],
    ['a field', {}, { reset_at: '2025-12-31T23:10:30Z' }],
    ['words', {}, { message: 'Try again at 2025-12-31T23:10:30Z' }],
  ])('%s', (_name, headers, body) => {
    expect(retryHint({ date, ...headers }, body)).toBe(30_000)
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
      expect(retryHint(headers, body)).toBeGreaterThanOrEqual(asked)
    }),
  )
})

test('readHint() takes anything without harm', () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (body, value) => {
      const text = value.replaceAll(/[^\u0020-\u007E]/g, '')
      const ms = retryHint(
        { 'retry-after': text, 'x-ratelimit-reset': text, ratelimit: text, date: text },
        body,
      )
      expect(ms === undefined || (Number.isFinite(ms) && ms > 0)).toBe(true)
    }),
  )
})
