import { expect, test } from 'vitest'
import { createVirtualClock } from './virtual-clock.ts'
import { useVirtualGlobals } from './virtual-globals.ts'

test('timers run in their order, those of one moment as they were made, and what they start is done before the next', async () => {
  const clock = createVirtualClock(0)
  const timeline: string[] = []
  const note = (what: string) => timeline.push(`${clock.now()} ${what}`)
  clock.timer(30, () => note('last'))
  clock.timer(10, () => {
    note('first')
    void Promise.resolve().then(() => clock.timer(10, () => note('inner')))
  })
  clock.timer(10, () => note('second'))
  clock.timer(15, () => note('never'))()
  for (let ms = 29; ms > 20; ms--) clock.timer(ms, () => note('many'))
  await clock.run()
  const many = Array.from({ length: 9 }, (_, index) => `${21 + index} many`)
  expect(timeline).toEqual(['10 first', '10 second', '20 inner', ...many, '30 last'])
})

test("the platform's timers are virtual only until they are given back", async () => {
  const clock = createVirtualClock(0)
  const before = globalThis.setTimeout
  const ran: number[] = []
  {
    using _ = useVirtualGlobals(clock, () => 0.25)
    setTimeout(() => ran.push(Date.now()), 5_000)
    clearTimeout(setTimeout(() => ran.push(-1), 1_000))
    await clock.run()
    expect(Math.random()).toBe(0.25)
  }
  expect(ran).toEqual([5_000])
  expect(globalThis.setTimeout).toBe(before)
  expect(Date.now()).toBeGreaterThan(5_000)
})
