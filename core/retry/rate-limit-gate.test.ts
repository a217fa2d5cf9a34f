import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../testing/fake-clock.ts'
import { createRateLimitGate, type Ticket, type WaitOptions } from './rate-limit-gate.ts'

/** A gate and a log of what happens at it, in ms after the start: `5000 b goes`. */
function createScene(random = () => 0) {
  const fake = createFakeClock()
  let unseenMs = 0
  const clock = { ...fake, monotonic: () => fake.monotonic() + unseenMs }
  const startedAt = clock.monotonic()
  const log: string[] = []
  const note = (what: string) => log.push(`${clock.monotonic() - startedAt} ${what}`)
  const gate = createRateLimitGate({ clock, random, changed: () => note(gate.shutUntil() ? 'shut' : 'open') })
  const enter = (name: string, ticket: Ticket = gate.visit(), more: Partial<WaitOptions> = {}) => {
    const stop = new AbortController()
    const waitOptions: WaitOptions = {
      notBefore: 0,
      notAfter: Infinity,
      jitterMs: 250,
      signal: stop.signal,
      delayed: (until) => note(`${name} is held until ${until - startedAt}`),
      ...more,
    }
    ticket.enter(waitOptions).then(
      (admission) =>
        note(admission.kind === 'go' ? `${name} goes` : `${name} gives up: ${admission.until - startedAt}`),
      () => note(`${name} is cancelled`),
    )
    return { ticket, stop }
  }
  return {
    clock,
    gate,
    log,
    enter,
    in: (ms: number) => startedAt + ms,
    /** The machine wakes up, and none of its timers has run yet. */
    wakeAfter: (ms: number) => void (unseenMs += ms),
  }
}

describe('an open gate', () => {
  test('lets everybody go at once', async () => {
    const { clock, log, enter } = createScene()
    enter('a')
    enter('b')
    await clock.advance(0)
    expect(log).toEqual(['0 a goes', '0 b goes'])
  })

  test('keeps nobody from waiting for reasons of its own', async () => {
    const { clock, log, enter, in: at } = createScene()
    enter('a', undefined, { notBefore: at(500) })
    enter('b')
    await clock.advance(1_000)
    expect(log).toEqual(['0 b goes', '500 a goes'])
  })

  test('leaves nothing on a signal that outlives the wait', async () => {
    const { clock, enter } = createScene()
    const { stop } = enter('a')
    await clock.advance(0)
    expect(getEventListeners(stop.signal, 'abort')).toEqual([])
  })

  test('lets nobody go who was cancelled before', async () => {
    const { clock, log, enter } = createScene()
    enter('a', undefined, { signal: AbortSignal.abort() })
    await clock.advance(0)
    expect(log).toEqual(['0 a is cancelled'])
  })
})

describe('a gate that is shut', () => {
  test('sends one ahead when the time is up; its 2xx headers let the others follow', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(5_000))
    const { ticket } = enter('a')
    enter('b')
    enter('c')
    await clock.advance(5_300)
    ticket.accepted()
    await clock.advance(0)
    expect(log).toEqual([
      '0 shut',
      '0 a is held until 5000',
      '0 b is held until 5000',
      '0 c is held until 5000',
      '5000 a goes',
      '5300 open',
      '5300 b goes',
      '5300 c goes',
    ])
  })

  test('is opened by five seconds without a refusal', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(1_000))
    enter('a')
    enter('b')
    await clock.advance(5_999)
    expect(log.at(-1)).toBe('1000 a goes')
    await clock.advance(1)
    expect(log.slice(-2)).toEqual(['6000 open', '6000 b goes'])
  })

  test('C5 is not opened by a sleep in which the response to the probe could not be read', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(1_000))
    const { ticket } = enter('a')
    enter('b', undefined, { notAfter: at(20_000) })
    await clock.advance(2_000)
    await clock.freeze(3_600_000)
    await clock.advance(4_000)
    expect(log.at(-1)).toBe('1000 a goes')
    ticket.refused(at(3_600_000 + 10_000))
    await clock.advance(4_000)
    expect(log.slice(-3)).toEqual(['3606000 b is held until 3610000', '3606000 shut', '3610000 b goes'])
  })

  test('C5 takes a sleep for one although it was idle for long before it was shut, and was opened before', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    enter('early')
    await clock.advance(60_000)
    for (const start of [60_000, 200_000]) {
      gate.shut(at(start + 1_000))
      const { ticket } = enter('probe')
      enter('next')
      await clock.advance(1_500)
      await clock.freeze(60_000)
      expect(log.at(-1)).toBe(`${start + 1_000} probe goes`)
      ticket.accepted()
      await clock.advance(78_500)
      expect(log.at(-1)).toBe(`${start + 61_500} next goes`)
    }
  })

  test('C5 counts a sleep as nobody’s wait, also where a refusal is read before any timer runs', async () => {
    const { clock, gate, log, enter, in: at, wakeAfter } = createScene()
    gate.shut(at(1_000))
    const { ticket } = enter('a')
    enter('b', undefined, { notAfter: at(20_000) })
    await clock.advance(2_000)
    wakeAfter(3_600_000)
    ticket.refused(at(3_600_000 + 10_000))
    await clock.advance(8_000)
    expect(log.slice(-3)).toEqual(['3602000 b is held until 3610000', '3602000 shut', '3610000 b goes'])
  })

  test('C5 counts no sleep of before for whoever comes after it', async () => {
    const { clock, gate, log, enter, in: at, wakeAfter } = createScene()
    gate.shut(at(10_000))
    enter('a')
    await clock.advance(2_000)
    wakeAfter(3_600_000)
    enter('b', undefined, { notAfter: at(3_602_000 + 1_000) })
    gate.shut(at(3_602_000 + 2_000))
    await clock.advance(0)
    expect(log).toContain('3602000 b gives up: 3604000')
  })

  test('sends the next one ahead in time when the probe that was refused does not come back', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(1_000))
    const { ticket } = enter('a')
    enter('b')
    await clock.advance(1_100)
    ticket.refused(at(2_100))
    await clock.advance(1_000)
    expect(log.at(-1)).toBe('2100 b goes')
  })

  test('is shut again by a refusal of the probe, and tells all how long', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(1_000))
    const { ticket } = enter('a')
    enter('b')
    await clock.advance(1_100)
    ticket.refused(at(3_100))
    enter('a', ticket, { notBefore: at(3_100) })
    await clock.advance(2_000)
    expect(log.slice(4)).toEqual(['1100 b is held until 3100', '1100 shut', '3100 a goes'])
  })

  test('C5 takes the timers of a hidden page, which run once a minute, for one sleep, not for many', async () => {
    const { clock, gate, in: at } = createScene()
    gate.shut(at(300_000))
    const { signal } = new AbortController()
    const admission = gate
      .visit()
      .enter({ notBefore: 0, notAfter: Infinity, jitterMs: 0, signal, delayed: () => {} })
    for (let n = 0; n < 5; n++) await clock.freeze(60_000)
    expect(await admission).toEqual({ kind: 'go', sleptMs: 50_000 })
  })

  test('serves first who came first, also when that one comes back later', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    const first = gate.visit()
    enter('first', first)
    await clock.advance(10)
    enter('second')
    first.refused(at(1_000))
    enter('third')
    await clock.advance(50)
    enter('first', first, { notBefore: at(1_000) })
    await clock.advance(1_000)
    expect(log.filter((line) => line.startsWith('1000'))).toEqual(['1000 first goes'])
  })

  test('waits for nobody who has a backoff of its own', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(1_000))
    enter('a', undefined, { notBefore: at(4_000) })
    enter('b')
    await clock.advance(1_000)
    expect(log.at(-1)).toBe('1000 b goes')
  })

  test('makes room for the next probe when one is cancelled or lost', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(1_000))
    const { ticket } = enter('a')
    enter('b')
    await clock.advance(1_500)
    ticket.ended()
    await clock.advance(0)
    expect(log.at(-1)).toBe('1500 b goes')
  })

  test('sends no second probe when a request ends that was none', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    const { ticket: early } = enter('early')
    await clock.advance(0)
    gate.shut(at(1_000))
    enter('a')
    enter('b')
    await clock.advance(1_500)
    early.ended()
    await clock.advance(4_499)
    expect(log.at(-1)).toBe('1000 a goes')
  })

  test('lets go at once who is cancelled', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(1_000))
    const { stop } = enter('a')
    enter('b')
    await clock.advance(500)
    stop.abort()
    await clock.advance(600)
    expect(log.slice(3)).toEqual(['500 a is cancelled', '1000 b goes'])
  })

  test('tells at once who would have to wait too long, now or when it gets longer', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(5_000))
    enter('a', undefined, { notAfter: at(4_999) })
    enter('b', undefined, { notAfter: at(5_000) })
    await clock.advance(100)
    gate.shut(at(9_000))
    await clock.advance(0)
    expect(log).toEqual([
      '0 shut',
      '0 b is held until 5000',
      '0 a gives up: 5000',
      '100 shut',
      '100 b gives up: 9000',
    ])
  })

  test.each([
    ['a later guess of ours', [20_000, 22_000]],
    ['a guess of ours before it', [22_000, 20_000]],
  ])('lets nobody go before the time that a server named, whatever %s says', async (_, times) => {
    const { clock, gate, log, enter, in: at } = createScene()
    for (const until of times) gate.shut(at(until), until === 22_000)
    enter('a', undefined, { notAfter: at(10_000) })
    enter('b', undefined, { notAfter: at(21_000) })
    await clock.advance(22_000)
    expect(log.slice(2)).toEqual(['0 b is held until 21000', '0 a gives up: 20000', '21000 b goes'])
  })

  test.each([
    ['tells whoever has less time than its probe takes, if a server named that time', false],
    ['lets whoever has less time wait for its probe, if that time is a guess of ours', true],
  ])('%s', async (_name, isGuess) => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(2_000), isGuess)
    enter('a')
    await clock.advance(3_000)
    enter('b', undefined, { notAfter: at(4_000) })
    await clock.advance(4_000)
    const ofB = log.filter((line) => line.includes(' b '))
    expect(ofB).toEqual(isGuess ? ['3000 b is held until 7000', '7000 b goes'] : ['3000 b gives up: 7000'])
  })

  test('forgets what a server named when it opens', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(1_000))
    const { ticket } = enter('a')
    await clock.advance(1_000)
    ticket.accepted()
    gate.shut(at(9_000), true)
    enter('b', undefined, { notAfter: at(3_000) })
    await clock.advance(2_000)
    expect(log.at(-1)).toBe('3000 b goes')
  })

  test('is never opened earlier by a shorter word', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(5_000))
    gate.shut(at(1_000))
    enter('a')
    await clock.advance(5_000)
    expect(log.at(-1)).toBe('5000 a goes')
  })

  test('is not opened by a response to what was sent before', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    const { ticket } = enter('early')
    await clock.advance(10)
    gate.shut(at(5_000))
    enter('b')
    ticket.accepted()
    await clock.advance(4_000)
    expect(log).toEqual(['0 early goes', '10 shut', '10 b is held until 5000'])
  })

  test('stays shut for at most ten minutes, whatever it is told', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(200_000_000))
    enter('a')
    await clock.advance(600_000)
    expect(log).toEqual(['0 shut', '0 a is held until 600000', '600000 a goes'])
  })

  test('tells a newcomer during the probe how long that may take', async () => {
    const { clock, gate, log, enter, in: at } = createScene()
    gate.shut(at(1_000))
    enter('a')
    await clock.advance(2_000)
    enter('b')
    await clock.advance(0)
    expect(log.at(-1)).toBe('2000 b is held until 6000')
  })

  test('spreads those who follow, and keeps their order', async () => {
    const chances = [0.9, 0.1, 0.5]
    const { clock, gate, log, enter, in: at } = createScene(() => chances.shift() ?? 0)
    gate.shut(at(1_000))
    const { ticket } = enter('probe')
    for (const name of ['a', 'b', 'c']) enter(name)
    await clock.advance(1_000)
    ticket.accepted()
    await clock.advance(250)
    expect(log.slice(-4)).toEqual(['1000 open', '1025 a goes', '1125 b goes', '1225 c goes'])
  })
})
