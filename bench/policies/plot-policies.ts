import { plot, type Point } from '../plot.ts'
import { tellCount } from '../report.ts'
import { shareAnswered } from './compare.ts'
import type { Lived, Simulated } from './simulate.ts'
import { TABS_IN_AN_OUTAGE, type Trouble, TROUBLES } from './troubles.ts'

const FROM_S = 0.3
const TO_S = 900
const STEPS = 120

/** SVGs by name: who still waits after how long, and who is answered in which trouble. */
export async function plotPolicies(simulated: readonly Simulated[]): Promise<Record<string, string>> {
  const chats = simulated[0]?.lived.filter(isOfTheMonth).length ?? 0
  const differ = new Set<string>(TROUBLES.filter((trouble) => !doAlike(simulated, trouble)))
  const subtitle = `${tellCount(chats)} chats by each policy, simulated`
  return {
    waiting: await plot({
      kind: 'lines',
      title: 'Chats that still have no output',
      subtitle: `${subtitle}; a line that stays flat never gets any`,
      x: {
        title: 'seconds since the question',
        scale: 'log',
        domain: [FROM_S, TO_S],
        ticks: [0.3, 1, 3, 10, 30, 60, 120, 300, 600],
      },
      y: {
        title: '% of all chats',
        scale: 'log',
        domain: [0.5, 100],
        ticks: [0.5, 1, 2, 5, 10, 20, 50, 100],
      },
      points: simulated.flatMap(waiting),
    }),
    troubles: await plot({
      kind: 'bars',
      title: 'Complete responses, by the fault that the first attempt meets',
      subtitle: `${subtitle}; faults without a difference are left out`,
      x: { title: '' },
      y: { title: '% of these chats', domain: [0, 100], ticks: [0, 20, 40, 60, 80, 100] },
      points: simulated.flatMap(answered).filter(({ x }) => differ.has(String(x))),
      horizontal: true,
      height: 640,
    }),
  }
}

function waiting({ policy, lived }: Simulated): Point[] {
  const outputs = lived
    .filter(isOfTheMonth)
    .map(({ firstOutputMs = Infinity }) => firstOutputMs / 1_000)
    .sort((a, b) => a - b)
  let before = 0
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const atS = FROM_S * (TO_S / FROM_S) ** (step / STEPS)
    while ((outputs[before] ?? Infinity) <= atS) before++
    return { series: plain(policy.title), x: atS, y: 100 * (1 - before / outputs.length) }
  })
}

function answered({ policy, lived }: Simulated): Point[] {
  return TROUBLES.flatMap((trouble) => {
    const some = lived.filter((each) => each.trouble === trouble)
    return some.length === 0
      ? []
      : [{ series: plain(policy.title), x: trouble, y: 100 * shareAnswered(some).value }]
  })
}

/** Within a percent. */
function doAlike(simulated: readonly Simulated[], trouble: Trouble): boolean {
  const shares = simulated.map(
    ({ lived }) => 100 * shareAnswered(lived.filter((each) => each.trouble === trouble)).value,
  )
  return !(Math.max(...shares) - Math.min(...shares) > 1)
}

function isOfTheMonth({ trouble }: Lived): boolean {
  return trouble !== TABS_IN_AN_OUTAGE
}

function plain(title: string): string {
  return title.replaceAll('`', '')
}
