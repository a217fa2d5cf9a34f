import { expect, test } from 'vitest'
import { networkOf } from './network-of.ts'
import { SESSION } from './play.ts'
import { createVirtualClock } from './virtual-clock.ts'

test('the browser’s word follows the outages of its network, and says when each is over', async () => {
  const clock = createVirtualClock()
  const beganAt = clock.now()
  const offline = [
    { from: 1_000, until: 3_000 },
    { from: 2_000, until: 5_000 },
    { from: 9_000, until: 10_000 },
  ]
  const network = networkOf({ ...SESSION, offline }, clock, beganAt)
  const timeline: string[] = []
  network.onOnline(() => timeline.push(`${clock.now() - beganAt} back`))
  network.onOnline(() => timeline.push('never'))()
  for (const at of [500, 1_000, 4_000, 5_500]) {
    clock.timer(at, () => timeline.push(`${at} ${network.isOnline() ? 'online' : 'offline'}`))
  }
  await clock.run()
  expect(timeline).toEqual([
    '500 online',
    '1000 offline',
    '4000 offline',
    '5000 back',
    '5500 online',
    '10000 back',
  ])
})
