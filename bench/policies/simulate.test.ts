import { expect, test } from 'vitest'
import { planChats } from './chats.ts'
import { meet } from './meet.ts'
import { planOutages } from './outages.ts'
import { POLICIES } from './policies.ts'
import { repairPolicy } from './policy-repair.ts'
import { runPolicy } from './run-policy.ts'
import { simulate } from './simulate.ts'

/** Some seconds of work, on a machine that may have other work to do. */
const SIMULATION_MS = 120_000

test(
  'the same seed gives the same numbers',
  async () => {
    const once = () => simulate({ policies: POLICIES, seeds: [3], chats: 60 })
    expect(await once()).toEqual(await once())
  },
  SIMULATION_MS,
)

test('a chat that is sent at once meets what its trouble says', async () => {
  const chats = planChats(1, 2_000)
  const outages = planOutages(1)
  const { attempts } = await runPolicy(repairPolicy, 1, chats, outages)
  const firsts = new Map(attempts.toReversed().map((attempt) => [attempt.chat.id, attempt.meeting]))
  expect(chats.map(({ id }) => firsts.get(id))).toEqual(
    chats.map((chat) => meet(1, outages, chat, 1, chat.at)),
  )
})

test(
  'every policy has the same chats, and all of them',
  async () => {
    const simulated = await simulate({ policies: POLICIES, seeds: [1, 2], chats: 40 })
    const [first] = simulated
    for (const { lived, figures } of simulated) {
      expect(lived.map(({ chat }) => chat.at)).toEqual(first?.lived.map(({ chat }) => chat.at))
      expect(lived).toHaveLength(80)
      expect(figures).toHaveLength(2)
    }
  },
  SIMULATION_MS,
)
