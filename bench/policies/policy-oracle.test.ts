import { expect, test } from 'vitest'
import type { Session } from './chats.ts'
import { createChat, SESSION } from './play.ts'
import { oraclePolicy } from './policy-oracle.ts'
import { runPolicy } from './run-policy.ts'
import type { Outage } from './outages.ts'

const MINUTE = 60_000

/** The oracle and one chat. */
async function consult(session: Partial<Session> = {}, outages: readonly Outage[] = []) {
  const chat = createChat({ session: { ...SESSION, ...session } })
  const { seen, attempts, beganAt } = await runPolicy(oraclePolicy, 1, [chat], outages)
  return { end: seen[0]?.end, sentAt: attempts.map(({ at }) => at - beganAt) }
}

const spell = (until: number) => [{ from: 0, until }]

test('the oracle sends at once, and again as soon as it is worth it', async () => {
  const { end, sentAt } = await consult({ hint: 'none', limits: spell(40_000) })
  expect([end, sentAt.length, sentAt[0]]).toEqual(['whole', 2, 0])
  expect(sentAt[1]).toBeGreaterThanOrEqual(40_000)
  expect(sentAt[1]).toBeLessThan(40_500)
})

test('the oracle sends nothing before the time that it was told, and waits 90 s in all', async () => {
  const told = await consult({ hint: 'header', limits: spell(40_500) })
  expect(told.sentAt[1]).toBeGreaterThanOrEqual(41_000)
  expect(await consult({ hint: 'none', limits: spell(89_000) })).toMatchObject({ end: 'whole' })
  expect(await consult({ hint: 'none', limits: spell(92_000) })).toMatchObject({ end: 'told', sentAt: [0] })
})

test('the oracle waits without a network for as long as it has, and no longer', async () => {
  expect(await consult({ offline: spell(4 * MINUTE) })).toMatchObject({ end: 'whole' })
  expect(await consult({ offline: spell(6 * MINUTE) })).toMatchObject({ end: 'told', sentAt: [0] })
})

test('the oracle outlasts an outage that its waits can', async () => {
  const down = (until: number): Outage => ({ kind: 'down', from: 0, until })
  expect(await consult({}, [down(80_000)])).toMatchObject({ end: 'whole' })
  expect(await consult({}, [down(100_000)])).toMatchObject({ end: 'told' })
})
