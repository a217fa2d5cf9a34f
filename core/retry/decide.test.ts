import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RefusalKind } from './classify.ts'
import { decide, type Decision, type RetryState, NEW_RETRY_STATE, type Situation } from './decide.ts'
import type { Outcome } from './outcome.ts'
import { DEFAULT_RETRY } from '../options/defaults.ts'
import type { RetryPolicy } from './policy.ts'

const NOW = 1_800_000_000_000
const SITUATION: Situation = {
  now: NOW,
  random: () => 0,
  totalAt: NOW + 300_000,
  reasoning: false,
  isOffline: false,
  tokenInMs: 0,
}
const FIRST: RetryState = { ...NEW_RETRY_STATE, attempts: 1 }

function refused(kind: RefusalKind, retryHintMs?: number, inStream = false): Outcome {
  const refusal = { kind, httpStatus: 429, ...(retryHintMs === undefined ? {} : { retryHintMs }) }
  return { kind: 'refused', refusal, inStream }
}

function after(
  outcome: Outcome,
  retryState: Partial<RetryState> = {},
  more: Partial<Situation> = {},
): Decision {
  return decide(outcome, { ...FIRST, ...retryState }, DEFAULT_RETRY, { ...SITUATION, ...more })
}

test('decide() does not repeat what must not be repeated, and a limit holds back the others all the same', () => {
  const final = (kind: RefusalKind, retryHintMs: number): Outcome => ({
    kind: 'refused',
    refusal: { kind, httpStatus: 429, retryHintMs, isFinal: true },
    inStream: false,
  })
  expect(after(final('rate_limited', 9_000))).toEqual({
    action: 'give_up',
    code: 'rate_limited',
    retryAt: NOW + 9_000,
    shutUntil: NOW + 9_000,
  })
  expect(after(final('server_error', 9_000))).toEqual({
    action: 'give_up',
    code: 'upstream_error',
    retryAt: NOW + 9_000,
  })
})

describe('decide() tries again', () => {
  test.each<[string, Outcome, string, number]>([
    ['a network error', { kind: 'network_error' }, 'network_retry', 500],
    ['a headers time-out', { kind: 'timeout', phase: 'headers' }, 'timeout_retry', 500],
    ['a first-output time-out', { kind: 'timeout', phase: 'first_output' }, 'timeout_retry', 500],
    ['a reset before output', { kind: 'cut', clean: false }, 'network_retry', 500],
    ['a close before output', { kind: 'cut', clean: true }, 'network_retry', 500],
    ['a stream that says nothing', { kind: 'empty' }, 'network_retry', 500],
    ['a response whose worker died', { kind: 'worker_lost' }, 'network_retry', 500],
    ['a web page', { kind: 'not_a_chat' }, 'server_retry', 500],
    ['a server error', refused('server_error'), 'server_retry', 500],
    ['a server error that names a time', refused('server_error', 3_000), 'server_retry', 3_000],
    ['a rate limit', refused('rate_limited'), 'rate_limit_retry', 2_000],
    ['a rate limit that names a time', refused('rate_limited', 7_000), 'rate_limit_retry', 7_000],
    ['an overload', refused('overloaded'), 'rate_limit_retry', 2_000],
    ['an overload told in the stream', refused('overloaded', undefined, true), 'rate_limit_retry', 2_000],
  ])('%s', (_name, outcome, status, afterMs) => {
    expect(after(outcome)).toMatchObject({ action: 'retry', status, afterMs })
  })

  test.each<[string, Outcome]>([
    ['a network error', { kind: 'network_error' }],
    ['a headers time-out', { kind: 'timeout', phase: 'headers' }],
    ['a refusal by its status', refused('server_error')],
  ])('%s, however often the request was accepted before: this time it was not', (_name, outcome) => {
    expect(after(outcome, { accepted: 2 }).action).toBe('retry')
  })
})

test('decide() tells the time that a server error names, and holds nobody else back by it', () => {
  const decision = after(refused('server_error', 40_000))
  expect(decision).toEqual({ action: 'give_up', code: 'upstream_error', retryAt: NOW + 40_000 })
  expect(after(refused('server_error', 3_000))).not.toHaveProperty('shutUntil')
  expect(after(refused('client_error', 3_000))).not.toHaveProperty('retryAt')
})

describe('decide() gives up', () => {
  test.each<[string, Outcome, Partial<RetryState>, Partial<Situation>, string]>([
    ['the last attempt', { kind: 'network_error' }, { attempts: 12 }, {}, 'network_error'],
    ['the last attempt of a rate limit', refused('rate_limited'), { attempts: 12 }, {}, 'rate_limited'],
    ['a client error', refused('client_error'), {}, {}, 'upstream_error'],
    [
      'a client error told in the stream',
      refused('client_error', undefined, true),
      {},
      {},
      'error_in_stream',
    ],
    ['a spent quota', refused('quota_exhausted', 1_000), {}, {}, 'quota_exhausted'],
    ['the total', { kind: 'timeout', phase: 'total' }, {}, {}, 'total_timeout'],
    [
      'a second headers time-out',
      { kind: 'timeout', phase: 'headers' },
      { headersTimeouts: 2 },
      {},
      'headers_timeout',
    ],
    [
      'a reasoning model that said nothing',
      { kind: 'timeout', phase: 'first_output' },
      { accepted: 1 },
      { reasoning: true },
      'first_output_timeout',
    ],
    ['a second accepted attempt, cut', { kind: 'cut', clean: true }, { accepted: 2 }, {}, 'truncated'],
    ['a second accepted attempt, reset', { kind: 'cut', clean: false }, { accepted: 2 }, {}, 'network_error'],
    ['a second web page', { kind: 'not_a_chat' }, { accepted: 2 }, {}, 'upstream_error'],
    ['a second stream that says nothing', { kind: 'empty' }, { accepted: 2 }, {}, 'truncated'],
    ['a second response whose worker died', { kind: 'worker_lost' }, { accepted: 2 }, {}, 'worker_lost'],
    [
      'a second silent response',
      { kind: 'timeout', phase: 'first_output' },
      { accepted: 2 },
      {},
      'first_output_timeout',
    ],
    [
      'a second error in the stream',
      refused('server_error', undefined, true),
      { accepted: 2 },
      {},
      'error_in_stream',
    ],
    [
      'the network budget is spent',
      { kind: 'network_error' },
      { networkWaitedMs: 30_000 },
      {},
      'network_error',
    ],
    [
      'the rate limit budget is spent',
      refused('overloaded'),
      { rateLimitWaitedMs: 60_000 },
      {},
      'overloaded',
    ],
    ['a wait beyond the total', { kind: 'network_error' }, {}, { totalAt: NOW + 500 }, 'network_error'],
  ])('%s', (_name, outcome, retryState, more, code) => {
    expect(after(outcome, retryState, more)).toEqual({ action: 'give_up', code })
  })

  test('a hint beyond the budget, and says when it is over', () => {
    expect(after(refused('rate_limited', 60_001))).toEqual({
      action: 'give_up',
      code: 'rate_limited',
      retryAt: NOW + 60_001,
      shutUntil: NOW + 60_001,
    })
  })
})

describe('decide() lets all others wait', () => {
  const jitter = { random: () => 0.999 }

  test('for the time that the server asks, plus jitter', () => {
    expect(after(refused('rate_limited', 5_000), {}, jitter)).toMatchObject({ shutUntil: NOW + 5_250 })
    expect(after(refused('overloaded', 5_000), {}, jitter)).toMatchObject({ shutUntil: NOW + 5_250 })
    expect(after(refused('rate_limited', 60_001), {}, jitter)).toMatchObject({ shutUntil: NOW + 60_251 })
  })

  test('for the backoff, if a rate limit names no time', () => {
    expect(after(refused('rate_limited'))).toMatchObject({ shutUntil: NOW + 2_000 })
  })

  test.each(['overloaded', 'server_error', 'quota_exhausted', 'client_error'] as const)(
    'for nothing that says nothing about them: %s',
    (kind) => {
      expect(after(refused(kind))).not.toHaveProperty('shutUntil')
    },
  )
})

describe('decide() at its limits', () => {
  test('takes a hint that fills the budget, compared before jitter', () => {
    expect(after(refused('rate_limited', 60_000), {}, { random: () => 0.999 })).toMatchObject({
      action: 'retry',
      afterMs: 60_250,
      budgetLeftMs: 0,
    })
  })

  test('takes a backoff that fills the budget', () => {
    expect(after({ kind: 'network_error' }, { networkWaitedMs: 29_500 })).toMatchObject({ budgetLeftMs: 0 })
  })

  test('cuts a wait of its own to what is left of the budget, so that the last try comes at its end', () => {
    expect(after({ kind: 'network_error' }, { networkWaits: 8, networkWaitedMs: 27_500 })).toMatchObject({
      action: 'retry',
      afterMs: 2_500,
      budgetLeftMs: 0,
    })
    for (const kind of ['rate_limited', 'overloaded'] as const) {
      expect(after(refused(kind), { rateLimitWaits: 5, rateLimitWaitedMs: 50_000 })).toMatchObject({
        afterMs: 10_000,
        budgetLeftMs: 0,
        hinted: false,
      })
    }
  })

  test('cuts no hint: one that ends beyond what is left of the budget is told at once', () => {
    const retryState = { rateLimitWaits: 5, rateLimitWaitedMs: 50_000 }
    expect(after(refused('rate_limited', 10_001), retryState)).toMatchObject({ retryAt: NOW + 10_001 })
    expect(after(refused('overloaded', 10_001), retryState)).toMatchObject({ action: 'give_up' })
    expect(after(refused('server_error', 2_501), { networkWaitedMs: 27_500 }).action).toBe('give_up')
    expect(after(refused('rate_limited', 10_000), retryState)).toMatchObject({ afterMs: 10_000 })
  })

  test('takes a wait that leaves a millisecond of the total', () => {
    expect(after({ kind: 'network_error' }, {}, { totalAt: NOW + 501 }).action).toBe('retry')
  })

  test('tells a limit at once where jitter would send the next attempt after the total', () => {
    const random = () => 0.999
    const retryAt = NOW + 10_000
    expect(after(refused('rate_limited', 10_000), {}, { totalAt: NOW + 10_200, random })).toMatchObject({
      action: 'give_up',
      code: 'rate_limited',
      retryAt,
    })
  })

  test('lets rate limits pass that are told in the stream, however often it was accepted', () => {
    expect(after(refused('rate_limited', undefined, true), { accepted: 4, attempts: 5 }).action).toBe('retry')
  })

  test('keeps two budgets apart', () => {
    const retryState = { networkWaitedMs: 30_000, networkWaits: 9 }
    expect(after(refused('rate_limited'), retryState)).toMatchObject({ afterMs: 2_000, budgetLeftMs: 58_000 })
    const other = { rateLimitWaitedMs: 60_000, rateLimitWaits: 9 }
    expect(after({ kind: 'network_error' }, other)).toMatchObject({ afterMs: 500, budgetLeftMs: 29_500 })
  })

  test('lets the waits of an outage grow together, whatever it says; those of a limit are another matter', () => {
    expect(after(refused('overloaded'), { networkWaits: 3 })).toMatchObject({ afterMs: 16_000 })
    const outage = { rateLimitWaits: 2, overloadWaits: 2, networkWaits: 1 }
    expect(after(refused('server_error'), outage)).toMatchObject({ afterMs: 4_000 })
    expect(after({ kind: 'network_error' }, { rateLimitWaits: 2 })).toMatchObject({ afterMs: 500 })
    expect(after(refused('rate_limited'), { networkWaits: 3 })).toMatchObject({ afterMs: 2_000 })
  })

  test('lets an outage that says something else each time wait for longer and longer', () => {
    const outage = [refused('overloaded'), refused('server_error'), { kind: 'network_error' } as const]
    const waits: number[] = []
    let retryState = NEW_RETRY_STATE
    for (const outcome of [...outage, ...outage]) {
      const decision = decide(outcome, retryState, DEFAULT_RETRY, SITUATION)
      if (decision.action === 'give_up') break
      waits.push(decision.afterMs)
      retryState = decision.retryState
    }
    // Those of an overload begin at 2 s, all others at 500 ms.
    expect(waits).toEqual([2_000, 1_000, 2_000, 16_000, 5_000, 5_000])
    expect(retryState).toMatchObject({ rateLimitWaitedMs: 18_000, networkWaitedMs: 13_000 })
  })

  test('takes a wait of no length from a budget that is spent: it costs nothing', () => {
    const eager = { ...DEFAULT_RETRY, baseMs: 0, networkBudgetMs: 0 }
    expect(decide({ kind: 'network_error' }, FIRST, eager, SITUATION)).toMatchObject({ afterMs: 0 })
  })

  test("says whether the wait is the server's word", () => {
    expect(after(refused('rate_limited', 1_000))).toMatchObject({ hinted: true, reason: 'rate_limited' })
    expect(after(refused('overloaded'))).toMatchObject({ hinted: false, reason: 'overloaded' })
    expect(after({ kind: 'network_error' })).toMatchObject({ hinted: false, reason: undefined })
  })

  test('changes no ledger it is given', () => {
    const retryState = Object.freeze({ ...FIRST })
    const decision = decide(refused('rate_limited', 1_000), retryState, DEFAULT_RETRY, SITUATION)
    expect(decision).toMatchObject({ retryState: { ...FIRST, rateLimitWaits: 1, rateLimitWaitedMs: 1_000 } })
  })
})

describe('decide() while the browser is offline', () => {
  const offline = { isOffline: true }
  const lost: Outcome = { kind: 'network_error' }

  test('waits uncharged, in steps of `maxMs`, however much is spent', () => {
    const spent = { networkWaitedMs: 30_000, networkWaits: 9 }
    expect(after(lost, spent, offline)).toEqual({
      action: 'retry',
      status: 'network_wait',
      reason: undefined,
      hinted: false,
      afterMs: 5_000,
      budgetLeftMs: 0,
      takesToken: false,
      retryState: { ...FIRST, ...spent, offlineAttempts: 1 },
    })
    expect(after({ kind: 'cut', clean: false }, {}, offline)).toMatchObject({ status: 'network_wait' })
    expect(after(lost, {}, { ...offline, random: () => 0.999 })).toMatchObject({ afterMs: 5_250 })
  })

  test('counts no attempt for the brake, but one attempt stays one', () => {
    expect(after(lost, { attempts: 40, offlineAttempts: 30 }, offline).action).toBe('retry')
    expect(after(lost, { attempts: 40, offlineAttempts: 28 }, offline).action).toBe('give_up')
    const once = { ...DEFAULT_RETRY, maxAttempts: 1 }
    expect(decide(lost, FIRST, once, { ...SITUATION, ...offline }).action).toBe('give_up')
  })

  test('waits to the end of the total, and no longer', () => {
    expect(after(lost, {}, { ...offline, totalAt: NOW + 1_200 })).toMatchObject({ afterMs: 1_200 })
    expect(after(lost, {}, { ...offline, totalAt: NOW })).toEqual({
      action: 'give_up',
      code: 'network_error',
    })
  })

  test.each<[string, Outcome]>([
    ['a refusal', refused('server_error')],
    ['a limit', refused('rate_limited')],
    ['a time-out', { kind: 'timeout', phase: 'headers' }],
    ['a clean end', { kind: 'cut', clean: true }],
  ])('charges what has come from the network all the same: %s', (_name, outcome) => {
    const { status } = after(outcome, {}, offline) as Decision & { action: 'retry' }
    expect(status).not.toBe('network_wait')
  })
})

describe('decide() without a retry token', () => {
  const waiting = { tokenInMs: 8_000 }

  test.each<[string, Outcome]>([
    ['a network error', { kind: 'network_error' }],
    ['a time-out', { kind: 'timeout', phase: 'headers' }],
    ['a server error', refused('server_error')],
    ['an overload that names no time', refused('overloaded')],
  ])('waits for the next one after %s', (_name, outcome) => {
    expect(after(outcome, {}, waiting)).toMatchObject({ afterMs: 8_000, takesToken: true })
    expect(after(outcome)).toMatchObject({ takesToken: true })
  })

  test('waits within the budget: the last try comes at its end, token or not', () => {
    const retryState = { networkWaitedMs: 25_000 }
    expect(after({ kind: 'network_error' }, retryState, waiting)).toMatchObject({
      afterMs: 5_000,
      budgetLeftMs: 0,
      takesToken: false,
    })
    expect(after({ kind: 'network_error' }, {}, { tokenInMs: Infinity })).toMatchObject({ afterMs: 30_000 })
  })

  test('never goes earlier than a hint', () => {
    expect(after(refused('server_error', 12_000), {}, waiting)).toMatchObject({ afterMs: 12_000 })
    expect(after(refused('server_error', 3_000), {}, waiting)).toMatchObject({ afterMs: 8_000 })
  })

  test('needs none where the gate holds the others back', () => {
    expect(after(refused('rate_limited'), {}, waiting)).toMatchObject({ afterMs: 2_000, takesToken: false })
    expect(after(refused('overloaded', 1_000), {}, waiting)).toMatchObject({ afterMs: 1_000 })
  })
})

describe('whatever happens', () => {
  const outcomes = fc.oneof(
    fc.constant<Outcome>({ kind: 'network_error' }),
    fc.constantFrom<Outcome>(
      { kind: 'timeout', phase: 'headers' },
      { kind: 'timeout', phase: 'first_output' },
      { kind: 'cut', clean: true },
      { kind: 'not_a_chat' },
    ),
    fc.record({
      kind: fc.constant('refused' as const),
      inStream: fc.boolean(),
      refusal: fc.record(
        {
          kind: fc.constantFrom<RefusalKind>('rate_limited', 'overloaded', 'server_error'),
          httpStatus: fc.constant(503),
          retryHintMs: fc.integer({ min: 1, max: 90_000 }),
        },
        { requiredKeys: ['kind', 'httpStatus'] },
      ),
    }),
  )
  const policies = fc.record<RetryPolicy>({
    maxAttempts: fc.integer({ min: 1, max: 30 }),
    baseMs: fc.nat(2_000),
    maxMs: fc.nat(10_000),
    jitterMs: fc.nat(500),
    rateLimitBaseMs: fc.nat(5_000),
    rateLimitMaxMs: fc.nat(30_000),
    networkBudgetMs: fc.nat(60_000),
    bucket: fc.constant(DEFAULT_RETRY.bucket),
    rateLimitBudgetMs: fc.nat(120_000),
  })

  test('attempts, both budgets and the total hold, and no wait is shorter than asked', () => {
    fc.assert(
      fc.property(
        fc.array(outcomes, { minLength: 40, maxLength: 40 }),
        policies,
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.nat(400_000),
        fc.array(fc.record({ isOffline: fc.boolean(), tokenInMs: fc.nat(20_000) }), {
          minLength: 40,
          maxLength: 40,
        }),
        (script, policy, chance, totalMs, circumstances) => {
          const totalAt = NOW + totalMs
          let retryState = NEW_RETRY_STATE
          let now = NOW
          for (const [index, outcome] of script.entries()) {
            const { isOffline = false, tokenInMs = 0 } = circumstances[index] ?? {}
            retryState = { ...retryState, attempts: retryState.attempts + 1 }
            const decision = decide(outcome, retryState, policy, {
              now,
              random: () => chance,
              totalAt,
              reasoning: false,
              isOffline,
              tokenInMs,
            })
            if (decision.action === 'give_up') break
            const retryHintMs = outcome.kind === 'refused' ? (outcome.refusal.retryHintMs ?? 0) : 0
            expect(decision.afterMs).toBeGreaterThanOrEqual(retryHintMs)
            expect(decision.budgetLeftMs).toBeGreaterThanOrEqual(0)
            now += decision.afterMs
            // A wait for the network ends with the total, any other before it.
            expect(now).toBeLessThan(decision.status === 'network_wait' ? totalAt + 1 : totalAt)
            retryState = decision.retryState
          }
          expect(retryState.attempts - retryState.offlineAttempts).toBeLessThanOrEqual(policy.maxAttempts)
          expect(retryState.networkWaitedMs).toBeLessThanOrEqual(policy.networkBudgetMs)
          expect(retryState.rateLimitWaitedMs).toBeLessThanOrEqual(policy.rateLimitBudgetMs)
        },
      ),
    )
  })
})
