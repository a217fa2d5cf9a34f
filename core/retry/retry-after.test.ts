import { isMainThread } from 'node:worker_threads'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRetryAfter, parseRetryAfterValue } from './retry-after.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

describe('parseRetryAfterValue() takes', () => {
  test.each([
    ['delta-seconds', '20', 20_000],
    ['one second', '1', 1_000],
    ['blanks around it', ' 42\t', 42_000],
    ['fractions of a second', '0.1', 100],
    ['fractions of a millisecond, rounded up', '0.0001', 1],
    ['a day', '86400', 86_400_000],
    ['an IMF-fixdate', 'Thu, 01 Jan 2026 00:00:05 GMT', 5_000],
    ['an RFC 850 date', 'Thursday, 01-Jan-26 00:00:05 GMT', 5_000],
    ['an asctime date', 'Thu Jan  1 00:00:05 2026', 5_000],
    ['several, of which the longest counts', 'Thu, 01 Jan 2026 00:00:05 GMT, 45', 45_000],
    ['several, the date later', '2, Thu, 01 Jan 2026 00:00:05 GMT', 5_000],
    ['several, one of them as RFC 3339 has it', '2, 2026-01-01T00:00:30Z', 30_000],
    ['several, one of them with its unit', '2, 30s', 30_000],
    ['a date as RFC 3339 has it', '2026-01-01T00:00:30.000Z', 30_000],
    ['a date that says UTC', 'Thu, 1 Jan 2026 01:00:00 UTC', 3_600_000],
  ])('%s: %j', (_name, value, ms) => {
    expect(parseRetryAfterValue(value, NOW)).toBe(ms)
  })
})

// A thread has its process's time zone.
test.runIf(isMainThread)('parseRetryAfterValue() takes every date for GMT, wherever it is read', () => {
  const here = process.env.TZ
  try {
    for (const zone of ['Pacific/Kiritimati', 'America/Los_Angeles']) {
      process.env.TZ = zone
      expect(new Date(NOW).getTimezoneOffset()).not.toBe(0)
      expect(parseRetryAfterValue('Thu, 01 Jan 2026 00:00:05 GMT', NOW)).toBe(5_000)
      expect(parseRetryAfterValue('Thursday, 01-Jan-26 00:00:05 GMT', NOW)).toBe(5_000)
      expect(parseRetryAfterValue('Thu Jan  1 00:00:05 2026', NOW)).toBe(5_000)
      expect(parseRetryAfterValue('2026-01-01T00:00:05Z', NOW)).toBe(5_000)
      expect(parseRetryAfterValue('2026-01-01T00:00:05', NOW)).toBe(5_000)
    }
  } finally {
    if (here === undefined) delete process.env.TZ
    else process.env.TZ = here
  }
})

describe('parseRetryAfterValue() ignores', () => {
  test.each([
    ['nothing', null],
    ['an empty value', ''],
    ['blanks', '   '],
    ['zero', '0'],
    ['a negative number', '-10'],
    ['a negative number that could be a year', '-3600'],
    ['a signed number', '+1'],
    ['infinity', 'inf'],
    ['no number', 'nan'],
    ['a hexadecimal number', '0x10'],
    ['an exponent', '1e3'],
    ['a number beyond all measure', '9'.repeat(400)],
    ['prose', 'soon'],
    ['a word that looks like a month', 'Marching'],
    ['now', 'Thu, 01 Jan 2026 00:00:00 GMT'],
    ['a past date', 'Wed, 31 Dec 2025 23:59:59 GMT'],
    ['a date that is none', 'Sun, 32 Dec 2030 25:99:99 GMT'],
  ])('%s: %j', (_name, value) => {
    expect(parseRetryAfterValue(value, NOW)).toBeUndefined()
  })
})

describe('parseRetryAfter()', () => {
  test.each([
    [{}, undefined],
    [{ 'retry-after': '2' }, 2_000],
    [{ 'Retry-After-Ms': '10' }, 10],
    [{ 'x-amz-retry-after': '5000' }, 5_000],
    [{ 'x-ms-retry-after-ms': '250' }, 250],
    [{ 'x-retry-after': '3' }, 3_000],
    [{ 'retry-after-ms': '2592000000' }, 30 * 86_400_000],
    [{ 'x-ratelimit-retry-after': '3' }, 3_000],
    [{ 'retry-after-ms': '0' }, undefined],
    [{ 'retry-after-ms': 'abc', 'retry-after': '2' }, 2_000],
    [{ 'retry-after-ms': '-1', 'retry-after': 'soon' }, undefined],
  ])('reads %j', (headers, ms) => {
    expect(parseRetryAfter(new Headers(headers as Record<string, string>), NOW)).toBe(ms)
  })

  test.each([
    [{ 'retry-after': '1', 'retry-after-ms': '0' }, 1_000],
    [{ 'retry-after': '10', 'retry-after-ms': '3000' }, 10_000],
    [{ 'retry-after': '1', 'retry-after-ms': '3000' }, 3_000],
  ])('takes the longest of several: %j', (headers, ms) => {
    expect(parseRetryAfter(new Headers(headers), NOW)).toBe(ms)
  })

  test('is never shorter than asked, whatever the number', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e9, noNaN: true }), (seconds) => {
        const value = seconds.toFixed(6)
        const ms = parseRetryAfter(new Headers({ 'retry-after': value }), NOW)
        expect(ms).toBeGreaterThanOrEqual(Number(value) * 1_000)
        expect(ms).toBeLessThan(Number(value) * 1_000 + 1)
      }),
    )
  })

  test('gives a positive finite number or nothing, whatever the header says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (value) => {
        const ms = parseRetryAfterValue(value, NOW)
        if (ms !== undefined) expect(ms > 0 && Number.isFinite(ms)).toBe(true)
      }),
    )
  })
})
