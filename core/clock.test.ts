import { describe, expect, test } from 'vitest'
import { deadline, systemClock, waitAtMost } from './clock.ts'
import { createFakeClock, type FakeClock } from './testing/fake-clock.ts'

const HOUR = 3_600_000

/** A deadline, and when it passed, ms after its start. */
function watched(ms: number, options: { freshMs?: number } = {}) {
  const clock = createFakeClock()
  const startedAt = clock.monotonic()
  const passedAt: number[] = []
  const renewed: number[] = []
  const cancel = deadline(clock, ms, () => passedAt.push(clock.monotonic() - startedAt), {
    ...options,
    renewed: (elapsedMs) => renewed.push(elapsedMs),
  })
  return { clock, cancel, passedAt, renewed }
}

describe('deadline()', () => {
  test.each([1, 9_999, 10_000, 10_001, 300_000])('passes after %d ms, once', async (ms) => {
    const { clock, passedAt, renewed } = watched(ms)
    await clock.advance(ms - 1)
    expect(passedAt).toEqual([])
    await clock.advance(HOUR)
    expect(passedAt).toEqual([ms])
    expect(renewed).toEqual([])
  })

  test('never passes once cancelled', async () => {
    const { clock, cancel, passedAt, renewed } = watched(20_000)
    await clock.advance(15_000)
    cancel()
    await clock.advance(HOUR)
    expect({ passedAt, renewed }).toEqual({ passedAt: [], renewed: [] })
  })

  test('starts again after a sleep, with all of its allowance', async () => {
    const { clock, passedAt, renewed } = watched(30_000)
    await clock.advance(25_000)
    await clock.freeze(HOUR)
    expect(renewed).toEqual([HOUR + 25_000])
    await clock.advance(29_999)
    expect(passedAt).toEqual([])
    await clock.advance(1)
    expect(passedAt).toHaveLength(1)
  })

  test('notices a sleep that ended long before its time', async () => {
    const { clock, renewed } = watched(300_000)
    await clock.advance(25_000)
    await clock.freeze(200_000)
    expect(renewed).toEqual([225_000])
  })

  test('can have another allowance after a sleep', async () => {
    const { clock, passedAt } = watched(240_000, { freshMs: 1_000 })
    await clock.freeze(HOUR)
    await clock.advance(999)
    expect(passedAt).toEqual([])
    await clock.advance(1)
    expect(passedAt).toHaveLength(1)
  })

  test('takes a timer that is two seconds late for what it is', async () => {
    const { clock, passedAt } = watched(5_000)
    await clock.freeze(7_000)
    expect(passedAt).toEqual([7_000])
  })

  test('survives one sleep after the other', async () => {
    const { clock, passedAt } = watched(30_000)
    for (let n = 0; n < 5; n++) {
      await clock.advance(15_000)
      await clock.freeze(HOUR)
    }
    expect(passedAt).toEqual([])
  })

  test('passes in a page whose timers run once a minute', async () => {
    const { clock, passedAt } = watched(30_000)
    for (let n = 0; n < 10; n++) await clock.freeze(60_000)
    expect(passedAt).toHaveLength(1)
  })

  test('says of a sleep also when it is cancelled before its timer is late', async () => {
    const { clock, cancel, passedAt, renewed } = watched(30_000)
    await clock.advance(5_000)
    clock.timer(1_000, cancel) // Due in the sleep, and before.
    await clock.freeze(HOUR)
    expect(renewed).toEqual([HOUR + 5_000])
    await clock.advance(HOUR)
    expect(passedAt).toEqual([])
  })

  test.each<[string, (clock: FakeClock) => Promise<void> | void]>([
    ['the wall clock is set forward', (clock) => clock.jump(HOUR)],
    ['the wall clock is set back', (clock) => clock.jump(-HOUR)],
    ['the monotonic clock stood still in a sleep', (clock) => clock.sleep(HOUR, 'stands still')],
  ])('runs on where %s', async (_what, happen) => {
    const { clock, passedAt, renewed } = watched(30_000)
    await clock.advance(10_000)
    await happen(clock)
    await clock.advance(20_000)
    expect({ passedAt, renewed }).toEqual({ passedAt: [30_000], renewed: [] })
  })
})

test('waitAtMost() does not give up on work that was done in a sleep', async () => {
  const clock = createFakeClock()
  let isOver = false
  let finish = () => {}
  const task = new Promise<void>((resolve) => (finish = resolve))
  void waitAtMost(clock, 100, task).then(() => (isOver = true))
  await clock.freeze(HOUR)
  expect(isOver).toBe(false)
  finish()
  await clock.advance(0)
  expect(isOver).toBe(true)
})

test('the system’s monotonic clock counts whole ms, and never back', () => {
  const times = Array.from({ length: 1_000 }, () => systemClock.monotonic())
  expect(times.every(Number.isInteger)).toBe(true)
  expect(times).toEqual([...times].sort((a, b) => a - b))
})
