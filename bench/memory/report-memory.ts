import { atMost } from '../aims.ts'
import { OURS } from '../paths.ts'
import { plot } from '../plot.ts'
import { type Aim, type Circumstances, table } from '../report.ts'
import type { Held } from './measure-memory.ts'

const MB = 1024 * 1024

const COLUMNS: readonly [figure: Exclude<keyof Held, 'path'>, title: string][] = [
  ['floodTaken', 'flood, page reads nothing: upstream sent'],
  ['floodWorker', 'worker holds'],
  ['crowdWorker', '100 streams flow: worker holds'],
  ['longMost', '27 MB response in fast motion: worker holds at most'],
  ['longAfter', 'after it'],
]

export function reportMemory(
  held: readonly Held[],
  { quick, machine }: Omit<Circumstances, 'rounds'>,
): string {
  const rows = held.map((each) => [each.path.title, ...COLUMNS.map(([figure]) => tell(each[figure]))])
  return [
    `Memory, MB (once each${quick ? ', quick: too small to quote' : ''}): memory of the worker's script, without garbage. ${machine}`,
    '',
    ...table(['path', ...COLUMNS.map(([, title]) => title)], rows),
  ].join('\n')
}

export function aimsOfMemory(held: readonly Held[]): Aim[] {
  const ours = held.find(({ path }) => path === OURS)
  if (!ours) return []
  const aim = (what: string, bytes: number | undefined, limit: number) =>
    atMost(what, bytes ?? Number.NaN, limit * MB, (found) => `${tell(found)} MB`)
  return [
    aim('a page that reads nothing: the upstream sends at most 16 MB', ours.floodTaken, 16),
    aim('and the worker holds at most 8 MB', ours.floodWorker, 8),
  ]
}

export async function plotMemory(held: readonly Held[]): Promise<Record<string, string>> {
  return {
    memory: await plot({
      kind: 'bars',
      title: 'What the worker holds',
      subtitle: 'MB, garbage left out',
      x: { title: '' },
      y: { title: 'MB' },
      points: held.flatMap(({ path, floodWorker, crowdWorker, longMost, longAfter }) =>
        Object.entries({
          'a flood, unread': floodWorker,
          '100 streams': crowdWorker,
          'a long answer': longMost,
          'after it': longAfter,
        }).flatMap(([x, bytes]) =>
          bytes === undefined ? [] : [{ series: path.title.replaceAll('`', ''), x, y: bytes / MB }],
        ),
      ),
    }),
  }
}

function tell(bytes: number | undefined): string {
  return bytes === undefined ? '–' : (bytes / MB).toFixed(1)
}
