import { expect, test } from 'vitest'
import { atLeast, atMost, reportAims } from './aims.ts'
import { BARE, OURS } from './paths.ts'
import type { Figures } from './relay/measure-relay.ts'
import { aimsOfRelay } from './relay/report-relay.ts'

const tell = (ms: number) => `${ms} ms`

test('an aim is reached by its limit, and by less', () => {
  expect([4.9, 5, 5.1].map((found) => atMost('reading', found, 5, tell).isReached)).toEqual([
    true,
    true,
    false,
  ])
})

test('an aim for more is reached by its limit, and by more', () => {
  expect([1.9, 2, 2.1].map((found) => atLeast('rate', found, 2, String).isReached)).toEqual([
    false,
    true,
    true,
  ])
  expect(atLeast('rate', Number.NaN, 2, String).isReached).toBe(false)
})

test('an aim that was not measured is not reached', () => {
  expect(atMost('reading', Number.NaN, 5, tell).isReached).toBe(false)
})

test('the table has the figure and the verdict of each target', () => {
  expect(reportAims([atMost('reading', 4, 5, tell), atMost('writing', 6, 5, tell)])).toContain(
    '| reading | 4 ms | yes |\n| writing | 6 ms | no |',
  )
})

test('aims compare round by round, and those of which a path is missing are left out', () => {
  const figures = (burst: number) => ({ burst, crowdCpu: 1, crowdP50: 1, crowdP99: 2 }) as Figures
  const aims = aimsOfRelay([
    { path: BARE, rounds: [figures(100), figures(1_000), figures(100)] },
    { path: OURS, rounds: [figures(120), figures(1_200), figures(500)] },
  ])
  expect(aims.map(({ found }) => found)).toEqual(['×1.20', '×1.00', '×1.00', '×1.00'])
})
