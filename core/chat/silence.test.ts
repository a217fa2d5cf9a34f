import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../testing/fake-clock.ts'
import { type Silence, watchSilence } from './silence.ts'

const LIMITS = { transportIdleMs: 60_000, outputIdleMs: 120_000 }

function watched(limits = LIMITS) {
  const clock = createFakeClock(0)
  const timeline: string[] = []
  let timers = 0
  const silence = watchSilence(
    {
      ...clock,
      timer: (ms, callback) => {
        timers++
        return clock.timer(ms, callback)
      },
    },
    limits,
    {
      stalled: (name, silentMs) => timeline.push(`${clock.now()} stalled ${name} ${silentMs}`),
      flowing: (name, silentMs) => timeline.push(`${clock.now()} flowing ${name} ${silentMs}`),
      expired: (name) => timeline.push(`${clock.now()} expired ${name}`),
    },
  )
  return { clock, silence, timeline, timers: () => timers }
}

/** Bytes come; they are looked at, and the next read begins. */
function chunk(silence: Silence, isOutput: boolean): void {
  silence.arrived()
  if (isOutput) silence.output()
  silence.waiting()
}

test('no byte is a stall after 10 s, and the end after the limit', async () => {
  const { clock, silence, timeline } = watched()
  silence.waiting()
  await clock.advance(200_000)
  expect(timeline).toEqual(['10000 stalled transport 10000', '60000 expired transport'])
})

test('bytes without output stall and end by the other clock', async () => {
  const { clock, silence, timeline } = watched()
  silence.waiting()
  for (let at = 0; at < 130_000; at += 5_000) {
    await clock.advance(5_000)
    if (!timeline.some((line) => line.includes('expired'))) chunk(silence, false)
  }
  expect(timeline).toEqual(['10000 stalled output 10000', '120000 expired output'])
})

test('what was called stalled is called flowing when it goes on', async () => {
  const { clock, silence, timeline } = watched()
  silence.waiting()
  await clock.advance(25_000)
  chunk(silence, true)
  await clock.advance(5_000)
  chunk(silence, true)
  expect(timeline).toEqual(['10000 stalled transport 10000', '25000 flowing transport 25000'])
})

test('a short limit is called a stall at its half', async () => {
  const { clock, silence, timeline } = watched({ transportIdleMs: 4_000, outputIdleMs: 60_000 })
  silence.waiting()
  await clock.advance(10_000)
  expect(timeline).toEqual(['2000 stalled transport 2000', '4000 expired transport'])
})

describe('only the silence of the upstream counts', () => {
  test('not the time in which nobody reads', async () => {
    const { clock, silence, timeline } = watched()
    silence.waiting()
    await clock.advance(1_000)
    silence.arrived()
    silence.output()
    await clock.advance(3_600_000)
    expect(timeline).toEqual([])
    silence.waiting()
    await clock.advance(59_999)
    expect(timeline).toEqual(['3611000 stalled transport 10000'])
    await clock.advance(1)
    expect(timeline.at(-1)).toBe('3661000 expired transport')
  })

  test('so that pauses between reads add nothing to a silence without output', async () => {
    const { clock, silence, timeline } = watched()
    for (let n = 0; n < 11; n++) {
      silence.waiting()
      await clock.advance(9_000)
      silence.arrived()
      await clock.advance(500_000)
    }
    expect(timeline.filter((line) => line.includes('expired'))).toEqual([])
    silence.waiting()
    await clock.advance(21_000)
    expect(timeline.at(-1)).toMatch(/expired output$/)
  })
})

test('progress is never the end', async () => {
  const { clock, silence, timeline } = watched()
  silence.waiting()
  for (let n = 0; n < 500; n++) {
    await clock.advance(9_999)
    chunk(silence, true)
  }
  expect(timeline).toEqual([])
})

test('no timer is armed per chunk', async () => {
  const { clock, silence, timers } = watched()
  silence.waiting()
  await clock.advance(1)
  for (let n = 0; n < 10_000; n++) chunk(silence, true)
  expect(timers()).toBe(1)
})

test('nothing is told after the stop', async () => {
  const { clock, silence, timeline } = watched()
  silence.waiting()
  silence.stop()
  await clock.advance(200_000)
  silence.waiting()
  await clock.advance(200_000)
  expect(timeline).toEqual([])
})
