import { atLeast, atMost } from '../aims.ts'
import type { Path } from '../paths.ts'
import { plot } from '../plot.ts'
import { type Aim, cell, type Circumstances, ratio, table, tell, tellCount } from '../report.ts'
import { median } from '../statistics.ts'
import { type AcceptFigures, type Accepted, EVERY_MS } from './measure-accept.ts'
import type { Drained, Frames } from './measure-drain.ts'
import type { MeasuredSaves } from './measure-saves.ts'
import { CONVERSATIONS } from './messages.ts'

/** Markdown tables: how saved messages are accepted, how they are sent, and what the page's frames are meanwhile. */
export function reportSaves(measured: MeasuredSaves, { rounds, quick, machine }: Circumstances): string {
  return [
    `Saved messages: medians of ${rounds} interleaved rounds${quick ? ' (quick: too few to quote)' : ''}, ms (least–greatest); the largest queue once. Profiles on disk. ${machine}`,
    '',
    `From \`fetch\` to the Response, ${1_000 / EVERY_MS} saves/s of 500 bytes, while a chat streams 30 events/s; the API responds after 200 ms. Ratio to no worker:`,
    '',
    ...acceptTable(measured.accepted),
    `Messages that were queued over ${CONVERSATIONS} conversations while the API was down are sent to an API that responds immediately; the test checks that all arrive, and in which order. workbox would take minutes to queue the largest number:`,
    '',
    ...drainTable(measured.drained),
    'The time that the browser itself needs for each operation of one message, in a page, one after the other unless the step says otherwise; the first two when the message is accepted, the others when it is sent:',
    '',
    ...table(
      ['step', 'ms'],
      measured.steps.map(({ name, ms }) => [name, tell(ms)]),
    ),
    "The page's animation frames meanwhile, from one to the next:",
    '',
    ...framesTable(measured),
  ].join('\n')
}

const ACCEPT_COLUMNS: readonly [figure: keyof AcceptFigures, title: string][] = [
  ['acceptP50', 'save p50'],
  ['acceptP99', 'p99'],
  ['chatP50', 'chat event delay p50'],
  ['chatP99', 'p99'],
]

function acceptTable(accepted: readonly Accepted[]): string[] {
  const [baseline] = accepted
  const rows = accepted.map((each) => {
    const cells = ACCEPT_COLUMNS.map(([figure]) => {
      const of = ({ rounds }: Accepted) => rounds.map((round) => round[figure])
      return cell(of(each), baseline && each !== baseline ? of(baseline) : undefined)
    })
    return [each.path.title, ...cells]
  })
  return table(['path', ...ACCEPT_COLUMNS.map(([, title]) => title)], rows)
}

function drainTable(drained: readonly Drained[]): string[] {
  const counts = [...new Set(drained.map(({ queued }) => queued))]
  const paths = [...new Set(drained.map(({ path }) => path))]
  const find = (path: Path | undefined, count: number | undefined) =>
    drained.find((each) => each.path === path && each.queued === count)?.rounds ?? []
  const costs = (...of: Parameters<typeof find>) => find(...of).map(({ perMessage }) => perMessage)

  const columns = [
    'sent',
    'in',
    'per second',
    'per message',
    `to that of ${counts[0]}`,
    `to ${paths[0]?.title}`,
  ]
  const rows = counts.flatMap((count) =>
    paths.flatMap((path) => {
      const rounds = find(path, count)
      if (rounds.length === 0) return []
      const cost = costs(path, count)
      const cells = [
        `${path.title}, ${tellCount(count)}`,
        tellCount(median(rounds.map(({ sent }) => sent))),
        cell(rounds.map(({ total }) => total)),
        (1_000 / median(cost)).toFixed(0),
        cell(cost),
        `×${ratio(cost, costs(path, counts[0])).toFixed(2)}`,
        `×${ratio(cost, costs(paths[0], count)).toFixed(2)}`,
      ]
      return [cells]
    }),
  )
  return table(['path, queued', ...columns], rows)
}

function framesTable({ drained, idleFrames }: MeasuredSaves): string[] {
  const frames = (title: string, rounds: readonly Frames[]) => [
    title,
    cell(rounds.map(({ framesP50 }) => framesP50)),
    cell(rounds.map(({ framesP99 }) => framesP99)),
  ]
  const rows = drained.map(({ path, queued, rounds }) =>
    frames(`${path.title} sends ${tellCount(queued)}`, rounds),
  )
  return table(['page', 'p50', 'p99'], [frames('nothing to do', [idleFrames]), ...rows])
}

/** Half a frame: less is no frame lost. ms */
const FRAME_MS = 8

export function aimsOfSaves({ accepted, drained, idleFrames }: MeasuredSaves): Aim[] {
  const times = (found: number) => `×${found.toFixed(2)}`
  const costs = (name: string, count?: number) =>
    drained
      .find(({ path, queued }) => path.name === name && queued === count)
      ?.rounds.map(({ perMessage }) => perMessage) ?? []
  const counts = [...new Set(drained.map(({ queued }) => queued))]
  const [few] = counts
  const many = counts.at(-1)
  const answered = (name: string) =>
    accepted.find(({ path }) => path.name === name)?.rounds.map(({ acceptP50 }) => acceptP50) ?? []
  const growth = ratio(costs('keeper', many), costs('keeper', few))
  const frames = drained.flatMap(({ path, rounds }) => (path.name === 'keeper' ? rounds : []))
  return [
    atMost(
      'a save gets its response within 1.5 times what a worker takes that only stores the same two copies (p50)',
      ratio(answered('keeper'), answered('minimal')),
      1.5,
      times,
    ),
    ...counts
      .filter((count) => count !== many)
      .map((count) =>
        atLeast(
          `${tellCount(count)} that were queued are sent at 2 times the rate of workbox-background-sync`,
          ratio(costs('workbox', count), costs('keeper', count)),
          2,
          times,
        ),
      ),
    {
      aim: `a message of ${tellCount(many ?? 0)} costs what one of ${few} costs, ±20 %`,
      found: times(growth),
      isReached: growth >= 0.8 && growth <= 1.2,
    },
    atMost(
      `while they are sent, 99 % of the page's frames come at most ${FRAME_MS} ms later than with nothing to do`,
      median(frames.map(({ framesP99 }) => framesP99)) - idleFrames.framesP99,
      FRAME_MS,
      (ms) => `${ms < 0 ? '−' : '+'}${tell(Math.abs(ms))} ms`,
    ),
  ]
}

/** SVGs by name: how long a page waits for its save to be answered, and what sending costs. */
export async function plotSaves({ accepted, drained }: MeasuredSaves): Promise<Record<string, string>> {
  const plain = (title: string) => title.replaceAll('`', '')
  return {
    accept: await plot({
      kind: 'bars',
      title: 'From saving a message to its response',
      subtitle: 'median and 99th percentile; the API responds after 200 ms',
      x: { title: '' },
      y: { title: 'ms' },
      points: accepted.flatMap(({ path, rounds }) => [
        { series: plain(path.title), x: 'p50', y: median(rounds.map(({ acceptP50 }) => acceptP50)) },
        { series: plain(path.title), x: 'p99', y: median(rounds.map(({ acceptP99 }) => acceptP99)) },
      ]),
    }),
    drain: await plot({
      kind: 'bars',
      title: 'Sending what was queued',
      subtitle: 'per message, to an API that responds immediately',
      x: { title: 'queued' },
      y: { title: 'ms' },
      points: drained.map(({ path, queued, rounds }) => ({
        series: plain(path.title),
        x: tellCount(queued),
        y: median(rounds.map(({ perMessage }) => perMessage)),
      })),
    }),
  }
}
