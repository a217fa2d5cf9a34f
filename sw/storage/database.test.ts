import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { inTime } from './database.ts'

test.each([
  ['answers nothing: at its deadline', 0, 0, 3_000],
  ['answers a part every second: 3 s after the last of them', 1_000, 20_000, 24_000],
  ['answers a part every 2.9 s', 2_900, 20_000, 21_000],
])('a storage that %s', async (_name, everyMs, untilMs, refusedByMs) => {
  const clock = createFakeClock()
  let steps = 0
  let refusedAt: number | undefined
  const startedAt = clock.monotonic()
  const task = inTime(new Promise(() => {}), clock, undefined, () => steps)
  task.catch(() => (refusedAt = clock.monotonic() - startedAt))
  for (let at = everyMs; everyMs > 0 && at <= untilMs; at += everyMs) {
    await clock.advance(everyMs)
    expect(refusedAt).toBeUndefined()
    steps++
  }
  await clock.advance(6_000)
  expect(refusedAt).toBe(refusedByMs)
})
