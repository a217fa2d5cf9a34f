import { expect, test } from 'vitest'
import { failuresOf, hasCorpus, readCorpus, skipReason } from '../testing/corpus.ts'
import { classifyResponse } from './classify.ts'
import { decide, NEW_RETRY_STATE } from './decide.ts'
import { DEFAULT_RETRY } from '../options/defaults.ts'

/** One case of another library's tests about waiting and trying again. */
interface RecordedCase {
  name: string
  status: number
  headers: Record<string, string>
  body?: unknown
  /** The library's wait; absent or `null` if only its retry decision is tested. */
  expected_delay_ms?: number | number[] | null
  should_retry?: boolean | null
  now_ms?: number
  /** The library falls back to a backoff of its own: it reads no time in this, or does not want it. */
  usesFallback?: boolean
  /** A placeholder stands for a header that is made at the time of the test, so far from now. */
  dateFormat?: string
  dateOffsetMs?: number
}

const NOW = Date.parse('2026-01-01T00:00:00Z')
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** Where we read otherwise what to wait: what we read (ms; `undefined`: nothing, our own backoff applies), and why. */
const WAITS_OTHERWISE: readonly (readonly [names: RegExp, ms: number | undefined])[] = [
  // Libraries that will not wait so long, and then come earlier than asked. We keep the number: `decide()` tells the
  // page at once where it is beyond the budget.
  [/retry-after(-ms)?'?:? '121'|16:28:38/, 121_000],
  [/anthropic-python: retry-after ('61'|.*16:27:38)|> 60 s: default backoff instead/, 61_000],
  [/'retry-after': '120'|'retry-after-ms': '120000'|16:28:37 GMT'} -> retry/, 120_000],
  [/'retry-after-ms': '120001'/, 120_001],
  [/> 60 s: default backoff$/, 60_001],
  [/^ai-sdk: too long/, 70_000],
  [/Sep 100000/, 3_091_855_536_020_000],
  // As seconds it would be 54 years: it is an epoch, and over.
  [/never a timestamp|X-RateLimit-Retry-After is seconds/, undefined],
  [/maxRetryAfter 420 caps/, 1_000],
  [/default 6 h/, 21_601_000],
  [/clamps 2 to 1/, 2_000],
  [/^undici: retryAfter:false|^undici-code/, 60_000],
  [/120 s capped|"Quota exhausted" retry-after 120/, 120_000],
  // Two headers that disagree: the longer one, for a wait is never shorter than asked.
  [/preferred over retry-after/, 10_000],
  [/^recorded: azure-foundry|^langchain-openrouter: 429 retry-after 1/, 1_000],
  // Stricter than servers are: they send fractions.
  [/parse_retry_after '1\.0'/, 1_000],
  // A header on a success says nothing of a retry; it is never asked for one. Here it is only read.
  [/HTTP 200 .*retry-after 15/, 15_000],
  [/HTTP 200 .*retry-after 30/, 30_000],
  // Two-digit years and leap seconds that only the calendar's corner cases have: our own backoff.
  [/year \+49/, undefined],
]

/** Where we decide otherwise whether to try again. */
const RETRIES_OTHERWISE: readonly (readonly [names: RegExp, retries: boolean])[] = [
  // Beyond our budget for waits: told at once, with its time.
  [/^openai-python-max: .*-> retry/, false],
  // Their bodies cannot be sent twice; ours are kept.
  [/ReadableStream request body/, true],
  // A chat is a POST.
  [/POST is not retried/, true],
  // A conflict stays one unless the server says `x-should-retry: true`.
  [/shouldRetry status 409/, false],
  // The same bad request again is as bad, whatever the header says.
  [/status 400 x-should-retry true/, false],
  // Too large now is too large later.
  [/413 with Retry-After/, false],
  // No HTTP answer at all: another outcome, tested in decide.test.ts.
  [/client-side timeout/, false],
]

/** Bodies that the list only describes. */
const IN_BODY: Record<string, unknown> = {
  'google-body': {
    error: { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' }] },
  },
}

function headersOf({ headers, dateFormat, dateOffsetMs = 0, now_ms: now = NOW }: RecordedCase): Headers {
  const at = new Date(now + dateOffsetMs)
  const made = (value: string) => {
    if (!dateFormat) return value
    if (dateFormat === 'epoch-seconds') return String(at.getTime() / 1000)
    const imf = at.toUTCString()
    const [, day, month, year = '', time] = imf.split(' ')
    if (dateFormat === 'asctime')
      return `${imf.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`
    if (dateFormat.startsWith('rfc850'))
      return `${DAYS[at.getUTCDay()]}, ${day}-${month}-${year.slice(2)} ${time} GMT`
    return imf
  }
  return new Headers(Object.entries(headers).map(([name, value]) => [name, made(value)]))
}

function judge(recorded: RecordedCase) {
  const { status, body = IN_BODY[recorded.name.split(':')[0] ?? ''] ?? '', now_ms: now = NOW } = recorded
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const refusal = classifyResponse(status, headersOf(recorded), text, now)
  const decision = decide(
    { kind: 'refused', refusal, inStream: false },
    { ...NEW_RETRY_STATE, attempts: 1 },
    DEFAULT_RETRY,
    { now, random: () => 0, totalAt: Infinity, reasoning: false, isOffline: false, tokenInMs: 0 },
  )
  return { retryHintMs: refusal.retryHintMs, decision }
}

const { cases } = readCorpus<{ cases: RecordedCase[] }>('retry/retry-after.json', { cases: [] })

test.skipIf(!hasCorpus)(
  `every recorded case of other libraries’ tables is read as they do, but for those that we list${skipReason}`,
  async () => {
    expect(cases).toHaveLength(166)
    const failures = await failuresOf(
      cases,
      ({ name }) => name,
      (recorded) => {
        const { name, usesFallback, expected_delay_ms: delay, should_retry: retries } = recorded
        const { retryHintMs, decision } = judge(recorded)
        if (delay !== undefined) {
          const otherwise = WAITS_OTHERWISE.find(([pattern]) => pattern.test(name))
          const read = typeof delay === 'number' && delay > 0 && !usesFallback ? delay : undefined
          expect(retryHintMs).toBe(otherwise ? otherwise[1] : read)
        }
        if (typeof retries === 'boolean') {
          const otherwise = RETRIES_OTHERWISE.find(([pattern]) => pattern.test(name))
          expect(decision.action === 'retry').toBe(otherwise ? otherwise[1] : retries)
        }
        if (decision.action === 'retry') expect(decision.afterMs).toBeGreaterThanOrEqual(retryHintMs ?? 0)
      },
    )
    expect(failures).toEqual([])
  },
)

test.skipIf(!hasCorpus)(`the recorded cases have every one that we list as another${skipReason}`, () => {
  for (const [pattern] of [...WAITS_OTHERWISE, ...RETRIES_OTHERWISE]) {
    expect(cases.filter(({ name }) => pattern.test(name)).length).toBeGreaterThan(0)
  }
})
