import { describe, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../testing/fake-clock.ts'
import { createLimits, type KnownLimits, type Participant, type UpstreamKey } from './limits.ts'

const UPSTREAM: UpstreamKey = { origin: 'https://api.example', model: 'm', credential: 'digest' }
const NO_TOKENS = { capacity: 0, refillPerMinute: 0 }
const ONE_TOKEN = { capacity: 1, refillPerMinute: 1 }

/** Limits, and the last that was told of them. */
function createScene(clock: FakeClock = createFakeClock(), before?: KnownLimits) {
  let known: KnownLimits | undefined
  const limits = createLimits({ clock, random: () => 0, changed: (next) => (known = next) })
  if (before) limits.restore(before)
  const join = (more: Partial<UpstreamKey> = {}) => limits.join({ ...UPSTREAM, ...more })
  const enter = (participant: Participant) => {
    const visit: { wentAt?: number } = {}
    const signal = new AbortController().signal
    const waitOptions = { notBefore: 0, notAfter: Infinity, jitterMs: 0, signal, delayed: () => {} }
    void participant.enter(waitOptions).then(() => (visit.wentAt = clock.monotonic()))
    return visit
  }
  return {
    clock,
    limits,
    join,
    enter,
    known: () => known,
    /** A server has told one request, which is still under way, to come back after `ms`. */
    refuse: (ms: number) => {
      const participant = join()
      participant.refused(clock.monotonic() + ms)
      return participant
    },
    /** What a request that comes now waits at the gate, ms. */
    waitOf: async (participant: Participant = join()) => {
      const cameAt = clock.monotonic()
      const visit = enter(participant)
      await clock.advance(600_000)
      return (visit.wentAt ?? Infinity) - cameAt
    },
  }
}

describe('createLimits()', () => {
  test('holds back every request to the same upstream with the same model and credential', async () => {
    const { refuse, waitOf } = createScene()
    refuse(5_000)
    expect(await waitOf()).toBe(5_000)
  })

  test.each<[string, Partial<UpstreamKey>]>([
    ['origin', { origin: 'https://other.example' }],
    ['model', { model: 'n' }],
    ['credential', { credential: 'another' }],
  ])('holds back no request with another %s', async (_name, other) => {
    const { refuse, join, waitOf } = createScene()
    refuse(5_000)
    expect(await waitOf(join(other))).toBe(0)
  })

  test('shares retry tokens among all credentials of an upstream and model, and no others', () => {
    const { join } = createScene()
    join().takeToken(NO_TOKENS)
    expect(join().tokenInMs(NO_TOKENS)).toBe(10_000)
    expect(join({ credential: 'another' }).tokenInMs(NO_TOKENS)).toBe(10_000)
    expect(join({ model: 'n' }).tokenInMs(NO_TOKENS)).toBe(0)
    expect(join({ origin: 'https://other.example' }).tokenInMs(NO_TOKENS)).toBe(0)
  })

  test('takes no token where retries are not bounded', () => {
    const { join, known } = createScene()
    join().takeToken(NO_TOKENS)
    const before = known()
    expect(join().tokenInMs(false)).toBe(0)
    join().takeToken(false)
    expect(known()).toBe(before)
  })

  test('sends the next one ahead when the probe leaves', async () => {
    const { clock, refuse, join, enter } = createScene()
    const first = refuse(1_000)
    enter(first)
    await clock.advance(1_000)
    const next = enter(join())
    await clock.advance(500)
    expect(next.wentAt).toBeUndefined()
    first.leave()
    await clock.advance(0)
    expect(next.wentAt).toBe(clock.monotonic())
  })

  test('knows a limit when everybody has left who met it', async () => {
    const { refuse, waitOf } = createScene()
    refuse(5_000).leave()
    expect(await waitOf()).toBe(5_000)
  })

  test('lets a newcomer learn from those who are still there when others leave', async () => {
    const { clock, join, waitOf } = createScene()
    const [first, second] = [join(), join()]
    first.leave()
    second.refused(clock.monotonic() + 5_000)
    expect(await waitOf()).toBe(5_000)
  })
})

describe('what is told to be kept', () => {
  test('is by the wall clock, and empty again when the limit is over', async () => {
    const { clock, refuse, enter, known } = createScene()
    const participant = refuse(5_000)
    participant.takeToken(ONE_TOKEN)
    expect(known()).toEqual({
      at: clock.now(),
      shut: { 'https://api.example m digest': clock.now() + 5_000 },
      buckets: { 'https://api.example m': { tokens: 1, at: clock.now(), freeAt: clock.now() } },
    })
    enter(participant)
    await clock.advance(5_000)
    participant.accepted()
    expect(known()?.shut).toEqual({})
  })

  test('has an upstream without a model, too', () => {
    const clock = createFakeClock()
    let known: KnownLimits | undefined
    const limits = createLimits({ clock, random: () => 0, changed: (next) => (known = next) })
    limits.join({ origin: 'https://api.example', credential: '' }).refused(clock.monotonic() + 5_000)
    expect(known?.shut).toEqual({ 'https://api.example  ': clock.now() + 5_000 })
  })

  test('has no limit that nobody met again for a minute after its end, unless a request is under way', async () => {
    for (const isUnderWay of [true, false]) {
      const { clock, refuse, join, enter, known } = createScene()
      const participant = refuse(5_000)
      if (!isUnderWay) participant.leave()
      await clock.advance(65_000)
      join({ model: 'n' }).takeToken(ONE_TOKEN)
      expect(Object.keys(known()?.shut ?? {})).toHaveLength(1)
      await clock.advance(1)
      join({ model: 'n' }).takeToken(ONE_TOKEN)
      expect(Object.keys(known()?.shut ?? {})).toHaveLength(isUnderWay ? 1 : 0)
      const visits = [enter(join()), enter(join())]
      await clock.advance(0)
      // Only a limit that is known sends one ahead.
      expect(visits.filter(({ wentAt }) => wentAt !== undefined)).toHaveLength(isUnderWay ? 1 : 2)
    }
  })

  test('has no bucket that nobody took from for an hour', async () => {
    const { clock, join, known } = createScene()
    join().takeToken(ONE_TOKEN)
    await clock.advance(3_600_000)
    join({ model: 'n' }).takeToken(ONE_TOKEN)
    expect(Object.keys(known()?.buckets ?? {})).toEqual(['https://api.example m', 'https://api.example n'])
    await clock.advance(1)
    join({ model: 'n' }).takeToken(ONE_TOKEN)
    expect(Object.keys(known()?.buckets ?? {})).toEqual(['https://api.example n'])
  })
})

describe('forget()', () => {
  test('keeps nothing but the limits of requests under way', async () => {
    const { limits, refuse, join, known, waitOf } = createScene()
    const gone = join({ model: 'n' })
    gone.refused(Infinity)
    gone.takeToken(NO_TOKENS)
    gone.leave()
    refuse(5_000)
    limits.forget()
    expect(Object.keys(known()?.shut ?? {})).toEqual(['https://api.example m digest'])
    expect(known()?.buckets).toEqual({})
    expect(await waitOf(join({ model: 'n' }))).toBe(0)
    expect(join({ model: 'n' }).tokenInMs(NO_TOKENS)).toBe(0)
  })
})

describe('restore()', () => {
  /** What one had learnt that has ended: a limit of 50 s, and a free retry at its end. */
  function learn() {
    const { clock, refuse, known } = createScene()
    refuse(50_000).takeToken(NO_TOKENS)
    return { endedAt: clock.now(), before: known() as KnownLimits }
  }

  test('knows what was known before, by the clock of now', async () => {
    const { endedAt, before } = learn()
    const { join, waitOf } = createScene(createFakeClock(endedAt + 4_000), before)
    expect(join().tokenInMs(NO_TOKENS)).toBe(6_000)
    expect(await waitOf()).toBe(46_000)
  })

  test('counts from what was known where the wall clock was set back meanwhile', async () => {
    const { endedAt, before } = learn()
    const { join, waitOf } = createScene(createFakeClock(endedAt - 86_400_000), before)
    expect(join().tokenInMs(NO_TOKENS)).toBe(10_000)
    expect(await waitOf()).toBe(50_000)
  })

  test('takes what 0.1.0 has stored, which does not say when', async () => {
    const { endedAt, before } = learn()
    const { at: _at, ...older } = before
    const { waitOf } = createScene(createFakeClock(endedAt + 4_000), older)
    expect(await waitOf()).toBe(46_000)
  })

  test('replaces nothing that was learnt since', async () => {
    const { endedAt, before } = learn()
    const { limits, clock, join, refuse, waitOf } = createScene(createFakeClock(endedAt))
    await clock.advance(9_000)
    refuse(60_000).takeToken(NO_TOKENS)
    limits.restore(before)
    expect(join().tokenInMs(NO_TOKENS)).toBe(10_000)
    expect(await waitOf()).toBe(60_000)
  })
})
