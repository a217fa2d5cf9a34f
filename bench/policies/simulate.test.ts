import { expect, test, vi } from 'vitest'
import { planChats } from './chats.ts'
import { meet } from './meet.ts'
import { MIX } from './mix.ts'
import { planOutages } from './outages.ts'
import { POLICIES } from './policies.ts'
import { repairPolicy } from './policy-repair.ts'
import { runPolicy } from './run-policy.ts'
import { simulate } from './simulate.ts'
import { TABS_IN_AN_OUTAGE } from './troubles.ts'
import { planWorld } from './world.ts'

// Some seconds of work each, on a machine that may have other work to do.
vi.setConfig({ testTimeout: 120_000 })

test('the same seed gives the same numbers', async () => {
  const once = () => simulate({ policies: POLICIES, seeds: [3], chats: 60 })
  expect(await once()).toEqual(await once())
})

test('a chat that is sent at once meets what its trouble says', async () => {
  const chats = planChats(1, 2_000)
  const outages = planOutages(1)
  const { attempts } = await runPolicy(repairPolicy, 1, chats, outages)
  const firsts = new Map(attempts.toReversed().map((attempt) => [attempt.chat.id, attempt.meeting]))
  expect(chats.map(({ id }) => firsts.get(id))).toEqual(
    chats.map((chat) => meet(1, outages, chat, 1, chat.at)),
  )
})

test('every policy has the same chats, and all of them', async () => {
  const simulated = await simulate({ policies: POLICIES, seeds: [1, 2], chats: 40 })
  const [first] = simulated
  for (const { lived, figures } of simulated) {
    expect(lived.map(({ chat }) => chat.at)).toEqual(first?.lived.map(({ chat }) => chat.at))
    const ofTabs = lived.filter(({ trouble }) => trouble === TABS_IN_AN_OUTAGE)
    expect([lived.length - ofTabs.length, ofTabs.length]).toEqual([80, 6])
    expect(figures).toHaveLength(2)
  }
})

test('three tabs ask within seconds, and each meets the outage', () => {
  const { chats, outages } = planWorld('tabs', 1, 2_000)
  expect([chats.length, outages.length]).toEqual([30, 10])
  for (const chat of chats) {
    const outage = outages.find(({ from, until }) => from <= chat.at && chat.at < until)
    expect(chat.at - (outage?.from ?? -Infinity)).toBeLessThanOrEqual(MIX.session.tabsApartMs)
  }
  expect(new Set(chats.map(({ session }) => session)).size).toBe(10)
})
