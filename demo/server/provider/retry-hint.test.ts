import { expect, test } from 'vitest'
import type { HintForm } from '../step.ts'
import { sayRetryHint } from './retry-hint.ts'

const NOW = Date.parse('2026-11-23T12:00:00.250Z')

const HEADERS: [HintForm, number, Record<string, string>][] = [
  ['retry-after', 2_500, { 'Retry-After': '3' }],
  ['retry-after-date', 2_000, { 'Retry-After': 'Mon, 23 Nov 2026 12:00:03 GMT' }],
  ['retry-after-ms', 2_500, { 'Retry-After-Ms': '2500' }],
  ['x-ratelimit-reset', 90_500, { 'X-RateLimit-Reset-Requests': '1m30.5s' }],
  ['x-ratelimit-reset', 12, { 'X-RateLimit-Reset-Requests': '12ms' }],
  ['anthropic-ratelimit-reset', 1_000, { 'anthropic-ratelimit-requests-reset': '2026-11-23T12:00:01.250Z' }],
  ['ratelimit', 5_000, { RateLimit: '"default";r=0;t=5' }],
  ['ratelimit-reset', 5_000, { 'RateLimit-Reset': '5' }],
]

test.each(HEADERS)('%s says %i ms in its header', (form, ms, headers) => {
  expect(sayRetryHint(form, ms, NOW).headers).toMatchObject(headers)
})

test('hints in bodies carry no header', () => {
  for (const form of ['body-text', 'body-gemini', 'body-near'] as const) {
    expect(sayRetryHint(form, 2_500, NOW).headers).toEqual({})
  }
  expect(JSON.stringify(sayRetryHint('body-text', 2_500, NOW).body)).toContain('try again in 2.5s')
  expect(JSON.stringify(sayRetryHint('body-gemini', 2_500, NOW).body)).toContain('"retryDelay":"2.5s"')
  expect(sayRetryHint('body-near', 2_500, NOW).body).toMatchObject({ retry_after_ms: 2_500 })
})
