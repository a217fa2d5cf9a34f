import type { Preset } from '../../demo/server/faults.ts'
import type { ClientName } from '../site/clients.ts'
import type { Page } from '../support/page.ts'
import { expect } from '../support/test.ts'
import { readTable } from './docs.ts'
import { GROUPS } from './open-clients.ts'
import { QUICK_OPTIONS, quicken } from './quicken.ts'
import { type Result, runClients } from './run-clients.ts'
import { type Cell, isWorse, tableOf, withWorker } from './table.ts'

/** The tables in the docs, by where the provider is. */
export type Where = 'same origin' | 'another origin'

export interface Meeting {
  tab: Page
  site: string
  where: Where
  faults: readonly Preset[]
}

/** How many faults are met side by side. */
const AT_ONCE = 2

/**
 * Lets every client meet every one of these faults, without and with the worker; prints and returns the table. Fails
 * where one is worse off with the worker.
 */
export async function meetFaults({ tab, site, where, faults }: Meeting): Promise<string> {
  const crossOrigin = where === 'another origin'
  const cells: Cell[] = []
  const meet = async ({ name, steps, repeat = false }: Preset) => {
    const fault = { steps: steps.map(quicken), repeat }
    await Promise.all(
      GROUPS.map(async (clients) => {
        const run = { tab, site, clients, fault, crossOrigin }
        const [alone, kept] = await Promise.all([
          runClients({ ...run, patienceMs: 15_000 }),
          runClients({ ...run, options: QUICK_OPTIONS, patienceMs: 90_000 }),
        ])
        for (const client of clients) {
          cells.push({ fault: name, client, alone: resultOf(alone, client), kept: resultOf(kept, client) })
        }
      }),
    )
  }
  const waiting = [...faults]
  const next = async () => {
    for (let fault = waiting.shift(); fault; fault = waiting.shift()) await meet(fault)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))

  const order = faults.map(({ name }) => name)
  const clients = GROUPS.flat()
  const inOrder = cells.toSorted(
    (a, b) =>
      order.indexOf(a.fault) - order.indexOf(b.fault) ||
      clients.indexOf(a.client) - clients.indexOf(b.client),
  )
  const table = tableOf(inOrder)
  console.log(`\n${where}\n\n${table}\n`)
  expect(inOrder.filter(isWorse)).toEqual([])
  return table
}

/** The results with the worker are those in the docs. */
export async function isDocumented(where: Where, table: string): Promise<void> {
  const documented = withWorker(await readTable(where))
  for (const row of table.split('\n')) expect(documented).toContain(withWorker(row))
}

function resultOf(results: Record<string, Result>, client: ClientName): Result {
  const result = results[client]
  if (!result) throw new Error(`Nobody asked by ${client}`)
  return result
}
