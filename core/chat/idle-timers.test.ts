import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../testing/fake-clock.ts'
import type { Glance } from '../providers/inspection/inspection.ts'
import { createIdleTimers } from './idle-timers.ts'
import { DEFAULT_TIMEOUTS } from '../options/defaults.ts'

const LIMITS = { transportIdleMs: 60_000, outputIdleMs: 120_000 }
const NOTHING: Glance = { output: false, working: false, finished: false }

/** Idle timers and what they say: `10000 stalled transport 10000`. */
function watched(limits: { transportIdleMs: number; outputIdleMs: number } = LIMITS) {
  const clock = createFakeClock()
  const startedAt = clock.monotonic()
  const timeline: string[] = []
  let unread = NOTHING
  let looks = 0
  let timers = 0
  const note = (what: string) => timeline.push(`${clock.monotonic() - startedAt} ${what}`)
  const timer: typeof clock.timer = (ms, callback) => {
    timers++
    return clock.timer(ms, callback)
  }
  const look = () => {
    looks++
    const glance = unread
    unread = { ...unread, output: false }
    return glance
  }
  const idle = createIdleTimers({ ...clock, timer }, limits, look, {
    stalled: (name, silentMs) => note(`stalled ${name} ${silentMs}`),
    flowing: (name, silentMs) => note(`flowing ${name} ${silentMs}`),
    expired: (name) => note(`expired ${name}`),
    finished: () => note('finished'),
  })
  const hold = (change: Partial<Glance>) => {
    unread = { ...unread, ...change, output: unread.output || change.output === true }
  }
  /** Bytes come that say this. */
  const arrive = (change: Partial<Glance> = {}) => {
    hold(change)
    idle.arrived()
  }
  return {
    clock,
    idle,
    timeline,
    hold,
    arrive,
    /** Bytes come, and the next read begins. */
    chunk: (change: Partial<Glance> = {}) => {
      arrive(change)
      idle.waiting()
    },
    timers: () => timers,
    looks: () => looks,
    ends: () => timeline.filter((line) => /expired|finished/.test(line)),
  }
}

test('no byte is a stall after 10 s, and the end after the limit', async () => {
  const { clock, idle, timeline } = watched()
  idle.waiting()
  await clock.advance(200_000)
  expect(timeline).toEqual(['10000 stalled transport 10000', '60000 expired transport'])
})

test('bytes without output stall and end by the other clock', async () => {
  const { clock, idle, timeline, chunk } = watched()
  idle.waiting()
  for (let at = 0; at < 130_000; at += 5_000) {
    await clock.advance(5_000)
    chunk()
  }
  expect(timeline).toEqual(['10000 stalled output 10000', '120000 expired output'])
})

test('what was called stalled is called flowing when it goes on', async () => {
  const { clock, idle, timeline, chunk } = watched()
  idle.waiting()
  await clock.advance(25_000)
  chunk({ output: true })
  await clock.advance(5_000)
  chunk({ output: true })
  expect(timeline).toEqual(['10000 stalled transport 10000', '25000 flowing transport 25000'])
})

test('an output after many pings is called flowing when it is looked at', async () => {
  const { clock, idle, timeline, chunk } = watched()
  idle.waiting()
  for (let n = 0; n < 4; n++) {
    await clock.advance(4_000)
    chunk()
  }
  chunk({ output: true })
  await clock.advance(9_000)
  expect(timeline).toEqual(['10000 stalled output 10000', '17000 flowing output 17000'])
})

test('a short limit is called a stall at its half', async () => {
  const { clock, idle, timeline } = watched({ transportIdleMs: 4_000, outputIdleMs: 60_000 })
  idle.waiting()
  await clock.advance(10_000)
  expect(timeline).toEqual(['2000 stalled transport 2000', '4000 expired transport'])
})

describe('only the silence of the upstream counts', () => {
  test('not the time in which nobody reads', async () => {
    const { clock, idle, timeline, arrive } = watched()
    idle.waiting()
    await clock.advance(1_000)
    arrive({ output: true })
    await clock.advance(3_600_000)
    expect(timeline).toEqual([])
    idle.waiting()
    await clock.advance(59_999)
    expect(timeline).toEqual(['3611000 stalled transport 10000'])
    await clock.advance(1)
    expect(timeline.at(-1)).toBe('3661000 expired transport')
  })

  test('pauses between reads add nothing to a silence without output', async () => {
    const { clock, idle, timeline, arrive, ends } = watched()
    for (let n = 0; n < 11; n++) {
      idle.waiting()
      await clock.advance(9_000)
      arrive()
      await clock.advance(500_000)
    }
    expect(ends()).toEqual([])
    idle.waiting()
    await clock.advance(21_000)
    expect(timeline.at(-1)).toMatch(/expired output$/)
  })
})

test('progress is never the end', async () => {
  const { clock, idle, timeline, chunk } = watched()
  idle.waiting()
  for (let n = 0; n < 500; n++) {
    await clock.advance(9_999)
    chunk({ output: true })
  }
  expect(timeline).toEqual([])
})

describe('a burst costs nothing per chunk', () => {
  test('no timer', async () => {
    const { clock, idle, timers, chunk, looks } = watched()
    idle.waiting()
    await clock.advance(1_500)
    const before = timers()
    for (let n = 0; n < 10_000; n++) chunk({ output: true })
    expect(timers() - before).toBe(1)
    expect(looks()).toBe(1)
  })

  test('no look: one every three seconds while bytes flow, and one when they pause', async () => {
    const { clock, idle, chunk, looks } = watched()
    idle.waiting()
    for (let n = 0; n < 3_000; n++) {
      await clock.advance(10)
      chunk({ output: true })
    }
    expect(looks()).toBeGreaterThanOrEqual(9)
    expect(looks()).toBeLessThanOrEqual(11)
    const before = looks()
    await clock.advance(2_000)
    expect(looks()).toBe(before + 1)
  })

  test.each([300, 900, 1_001, 1_100, 2_500])(
    'at most one look a second, a chunk every %d ms',
    async (everyMs) => {
      const { clock, idle, chunk, looks } = watched()
      idle.waiting()
      for (let at = 0; at < 60_000; at += everyMs) {
        await clock.advance(everyMs)
        chunk()
      }
      expect(looks()).toBeLessThanOrEqual(60)
    },
  )

  test('nothing is looked at again where nothing came', async () => {
    const { clock, idle, looks } = watched()
    idle.waiting()
    await clock.advance(50_000)
    expect(looks()).toBe(1)
  })
})

test('nothing is told after the stop', async () => {
  const { clock, idle, timeline, chunk } = watched()
  idle.waiting()
  idle.stop()
  await clock.advance(200_000)
  chunk()
  await clock.advance(200_000)
  expect(timeline).toEqual([])
})

describe('R5 healthy silence is not cut', () => {
  const SILENCES: [string, number][] = [
    ['tool arguments that a server holds back for 78 s', 78_300],
    ['tool arguments that a server holds back for 329 s', 329_000],
    ['a server’s own tool that takes 90 s', 90_000],
    ['a search that takes 599 s', 599_000],
  ]

  test.each(SILENCES)('%s', async (_what, silentMs) => {
    const { clock, ends, chunk } = watched(DEFAULT_TIMEOUTS)
    chunk({ output: true, working: true })
    await clock.advance(silentMs)
    chunk({ output: true, working: false })
    await clock.advance(5_000)
    expect(ends()).toEqual([])
  })

  test.each(SILENCES)('%s, with keep-alives', async (_what, silentMs) => {
    const { clock, ends, chunk } = watched(DEFAULT_TIMEOUTS)
    chunk({ output: true, working: true })
    for (let at = 0; at < silentMs; at += 15_000) {
      await clock.advance(Math.min(15_000, silentMs - at))
      chunk()
    }
    chunk({ output: true, working: false })
    await clock.advance(5_000)
    expect(ends()).toEqual([])
  })

  test('it is told after 10 s all the same', async () => {
    const { clock, timeline, chunk } = watched(DEFAULT_TIMEOUTS)
    chunk({ output: true, working: true })
    await clock.advance(20_000)
    expect(timeline).toEqual(['10000 stalled transport 10000'])
  })

  test('beyond 600 s it is', async () => {
    const { clock, ends, chunk } = watched(DEFAULT_TIMEOUTS)
    chunk({ output: true, working: true })
    await clock.advance(700_000)
    expect(ends()).toEqual(['600000 expired transport'])
  })

  test('a limit of the app’s own that is larger stands, a smaller one does not undercut', async () => {
    const large = watched({ transportIdleMs: 900_000, outputIdleMs: 900_000 })
    const small = watched({ transportIdleMs: 5_000, outputIdleMs: 5_000 })
    for (const { clock, chunk } of [large, small]) {
      chunk({ output: true, working: true })
      await clock.advance(2_000_000)
    }
    expect(large.ends()).toEqual(['900000 expired transport'])
    expect(small.ends()).toEqual(['600000 expired transport'])
  })

  test('outside of a tool the usual limits hold again', async () => {
    const { clock, ends, chunk } = watched(DEFAULT_TIMEOUTS)
    chunk({ output: true, working: true })
    await clock.advance(100_000)
    chunk({ output: true, working: false })
    await clock.advance(400_000)
    expect(ends()).toEqual(['280000 expired transport'])
  })
})

describe('R9 finished is ended', () => {
  test('ten seconds after the finish', async () => {
    const { clock, timeline, chunk } = watched()
    chunk({ output: true })
    await clock.advance(5_000)
    chunk({ finished: true })
    await clock.advance(100_000)
    expect(timeline).toEqual(['15000 finished'])
  })

  test('whose bytes were read before the response was handed over', async () => {
    const { clock, idle, timeline, hold } = watched()
    hold({ finished: true })
    idle.waiting()
    await clock.advance(100_000)
    expect(timeline).toEqual(['10000 finished'])
  })

  test('though keep-alives go on', async () => {
    const { clock, timeline, chunk } = watched()
    chunk({ output: true, finished: true })
    for (let n = 0; n < 20; n++) {
      await clock.advance(1_000)
      chunk()
    }
    expect(
      timeline.map((line) => line.replace(/^\d+/, (at) => String(Math.round(Number(at) / 2_000)))),
    ).toEqual(['5 finished'])
  })

  test('a finished stream is not ended while content still arrives', async () => {
    const { clock, timeline, chunk } = watched()
    chunk({ output: true, finished: true })
    await clock.advance(9_000)
    chunk({ output: true, finished: true })
    await clock.advance(9_500)
    expect(timeline).toEqual([])
    await clock.advance(500)
    expect(timeline).toEqual(['19000 finished'])
  })

  test('a finished stream is not ended if later output revokes the finish', async () => {
    const { clock, timeline, ends, chunk } = watched()
    chunk({ output: true, finished: true })
    await clock.advance(4_000)
    chunk({ output: true, finished: false })
    await clock.advance(50_000)
    expect(ends()).toEqual([])
    await clock.advance(14_000)
    expect(timeline).toEqual(['14000 stalled transport 10000', '64000 expired transport'])
  })

  test('a finished stream ends as complete even if the app’s own limit ends first', async () => {
    const { clock, timeline, chunk } = watched({ transportIdleMs: 4_000, outputIdleMs: 60_000 })
    chunk({ output: true, finished: true })
    await clock.advance(20_000)
    expect(timeline).toEqual(['4000 finished'])
  })

  test('a finished stream without an output timeout ends, too', async () => {
    const { clock, timeline, chunk } = watched({ transportIdleMs: 60_000, outputIdleMs: Infinity })
    chunk({ output: true, finished: true })
    for (let n = 0; n < 4; n++) {
      await clock.advance(4_000)
      chunk()
    }
    expect(timeline).toHaveLength(1)
    expect(timeline[0]).toMatch(/finished$/)
  })
})

describe('R11 what moves is not cut', () => {
  test('a JSON of 4 MB at 25 kB/s', async () => {
    const { clock, timeline, chunk } = watched(DEFAULT_TIMEOUTS)
    for (let n = 0; n < 160; n++) {
      chunk({ output: true })
      await clock.advance(1_000)
    }
    expect(timeline).toEqual([])
  })

  test('an event that takes an hour', async () => {
    const { clock, timeline, chunk } = watched(DEFAULT_TIMEOUTS)
    for (let n = 0; n < 600; n++) {
      chunk({ output: true })
      await clock.advance(6_000)
    }
    expect(timeline).toEqual([])
  })

  test('a GET stream with nothing but pings, for a day', async () => {
    const { clock, timeline, chunk } = watched({ transportIdleMs: 180_000, outputIdleMs: Infinity })
    for (let n = 0; n < 5_760; n++) {
      chunk()
      await clock.advance(15_000)
    }
    expect(timeline.filter((line) => line.includes('output') || line.includes('expired'))).toEqual([])
  })
})

describe('C5 who slept judges nothing', () => {
  const HOUR = 3_600_000
  const SLEEPS: [string, (clock: ReturnType<typeof createFakeClock>) => Promise<void> | void][] = [
    ['a sleep that the monotonic clock counts', (clock) => clock.sleep(HOUR, 'counts')],
    ['a sleep in which it stands still', (clock) => clock.sleep(HOUR, 'stands still')],
    ['a frozen page', (clock) => clock.freeze(HOUR)],
    ['a sleep that is as long as the limit', (clock) => clock.freeze(60_500)],
    ['a wall clock set forward', (clock) => clock.jump(HOUR)],
    ['a wall clock set back', (clock) => clock.jump(-HOUR)],
  ]

  test.each(SLEEPS)('%s ends nothing', async (_what, happen) => {
    for (const beforeMs of [0, 500, 3_000, 15_000, 45_000]) {
      const { clock, idle, ends, chunk } = watched()
      chunk({ output: true })
      await clock.advance(beforeMs)
      await happen(clock)
      await clock.advance(14_000)
      expect(ends()).toEqual([])
      chunk({ output: true })
      await clock.advance(20_000)
      expect(ends()).toEqual([])
      idle.stop()
    }
  })

  test('a nap that ends when the limit would be up ends nothing', async () => {
    const { clock, ends, chunk } = watched()
    chunk({ output: true })
    await clock.advance(15_000)
    await clock.freeze(46_000)
    expect(ends()).toEqual([])
  })

  test('a second nap is forgiven, if something came after the first', async () => {
    const { clock, ends, chunk } = watched()
    for (let n = 0; n < 3; n++) {
      chunk({ output: true })
      await clock.advance(5_000)
      await clock.freeze(70_000)
    }
    expect(ends()).toEqual([])
  })

  test('what is silent afterwards, too, is ended by a fresh limit', async () => {
    const { clock, ends, chunk } = watched()
    chunk({ output: true })
    await clock.advance(30_000)
    await clock.freeze(HOUR)
    await clock.advance(59_999)
    expect(ends()).toEqual([])
    await clock.advance(1)
    expect(ends()).toHaveLength(1)
  })

  test('a machine that sleeps again and again ends nothing', async () => {
    const { clock, ends, chunk } = watched()
    chunk({ output: true })
    for (let n = 0; n < 10; n++) {
      await clock.advance(20_000)
      await clock.freeze(HOUR)
    }
    expect(ends()).toEqual([])
  })

  test('a page whose timers run once a minute still ends what is silent', async () => {
    const { clock, ends, chunk } = watched()
    chunk({ output: true })
    for (let n = 0; n < 10; n++) await clock.freeze(60_000)
    expect(ends()).toHaveLength(1)
  })

  test('a finish is not closed before what came after it is read', async () => {
    const { clock, timeline, chunk } = watched()
    chunk({ output: true, finished: true })
    await clock.advance(5_000)
    await clock.freeze(HOUR)
    expect(timeline).toEqual([])
    chunk({ output: true, finished: false })
    await clock.advance(9_000)
    expect(timeline).toEqual([])
  })
})
