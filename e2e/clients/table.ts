import type { ClientName } from '../site/clients.ts'
import type { Outcome, Result } from './run-clients.ts'

/** One fault met by one client, without and with the worker. */
export interface Cell {
  fault: string
  client: ClientName
  alone: Result
  kept: Result
}

/** Better is higher: an app can do something with an error, and nothing with a silence. */
const WORTH: Record<Outcome, number> = { whole: 3, told: 2, cut: 1, empty: 1, hangs: 0 }
const SIGN: Record<Outcome, string> = { whole: '✓', told: '✗', cut: '½', empty: '∅', hangs: '∞' }

export function isWorse({ alone, kept }: Cell): boolean {
  return WORTH[kept.outcome] < WORTH[alone.outcome]
}

/** `✗3 → ✓4`: without the worker an error after 3 requests, with it the answer after 4. */
export function describeCell({ alone, kept }: Cell): string {
  const say = ({ outcome, attempts }: Result) => `${SIGN[outcome]} ${attempts}`
  return `${say(alone)} → ${say(kept)}`
}

/** Faults down, clients across, as Markdown. */
export function tableOf(cells: readonly Cell[]): string {
  const clients = [...new Set(cells.map(({ client }) => client))]
  const faults = [...new Set(cells.map(({ fault }) => fault))]
  const row = (columns: readonly string[]) => `| ${columns.join(' | ')} |`
  const find = (fault: string, client: string) =>
    cells.find((cell) => cell.fault === fault && cell.client === client)
  return [
    row(['fault', ...clients]),
    row(['---', ...clients.map(() => '---')]),
    ...faults.map((fault) =>
      row([
        fault,
        ...clients.map((client) => {
          const cell = find(fault, client)
          return cell ? describeCell(cell) : ''
        }),
      ]),
    ),
  ].join('\n')
}

/**
 * The table's cells with the worker. Not constant, and left out: how often a browser by itself repeats a request on a
 * broken connection, and whether the last of eight to eleven tries still fits into the budget of waits.
 */
export function withWorker(table: string): string {
  return table.replaceAll(/[^|]*→ /g, ' ').replaceAll(/ (?:[89]|1[01]) \|/g, ' 8–11 |')
}
