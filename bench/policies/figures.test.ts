import { expect, test } from 'vitest'
import { figuresOf } from './figures.ts'
import type { Meeting } from './meet.ts'
import { createChat } from './play.ts'
import type { Attempt } from './provider.ts'
import type { Run, Seen } from './run-policy.ts'
import { startPolicy } from './policy-start.ts'

const BEGAN_AT = 1_000_000

const run = (seen: Omit<Seen, 'chat'>[], attempts: (Partial<Attempt> & { of: number })[]): Run => {
  const chats = seen.map((_, id) => createChat({ id, at: id * 1_000 }))
  const refusal: Meeting = { kind: 'refusal', afterMs: 0, status: 503, why: 'down' }
  return {
    policy: startPolicy,
    beganAt: BEGAN_AT,
    seen: seen.map((each, id) => ({ chat: chats[id] ?? createChat(), ...each })),
    attempts: attempts.map(({ of, at = 0, acceptedAt, endedAt, ...rest }) => ({
      chat: chats[of] ?? createChat(),
      meeting: refusal,
      isWhole: false,
      ...rest,
      at: BEGAN_AT + of * 1_000 + at,
      ...(acceptedAt === undefined ? {} : { acceptedAt: BEGAN_AT + acceptedAt }),
      ...(endedAt === undefined ? {} : { endedAt: BEGAN_AT + of * 1_000 + endedAt }),
    })),
  }
}

test('what is waited before, between and after attempts counts as idle', () => {
  const { idleHours } = figuresOf(
    run(
      [{ end: 'told', endMs: 100 }],
      [
        { of: 0, at: 10, endedAt: 20 },
        { of: 0, at: 50, endedAt: 60 },
      ],
    ),
  )
  expect(idleHours * 3_600_000).toBeCloseTo(10 + 30 + 40)
})

test('an accepted request without a whole response is wasted, and so is work that was begun', () => {
  const hang: Meeting = { kind: 'hang', gatewayMs: Infinity, worksMs: 500, why: 'hang' }
  const figures = figuresOf(
    run(
      [{ end: 'whole', firstOutputMs: 1_000, endMs: 2_000 }],
      [
        { of: 0, at: 0, endedAt: 400, meeting: hang },
        { of: 0, at: 0, endedAt: 600, meeting: hang },
        { of: 0, at: 0, acceptedAt: 5, endedAt: 600 },
        { of: 0, at: 600, acceptedAt: 605, endedAt: 2_000, isWhole: true },
      ],
    ),
  )
  expect(figures).toMatchObject({ answered: 100, requests: 4, paidInVain: 1, begunInVain: 2, outputP50: 1 })
})

test('how a chat ends is told apart', () => {
  const figures = figuresOf(
    run(
      [
        { end: 'whole', endMs: 1 },
        { end: 'cut', endMs: 1 },
        { end: 'never', endMs: 1 },
        { end: 'told', endMs: 7_000 },
      ],
      [],
    ),
  )
  expect(figures).toMatchObject({ answered: 25, cut: 1, never: 1, toldP50: 7, requests: 0 })
})
