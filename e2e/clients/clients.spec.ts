import { FAULTS, type Preset } from '../../demo/server/faults.ts'
import type { ClientName } from '../site/clients.ts'
import { expect, test } from '../test.ts'
import { QUICK_OPTIONS, quicken } from './quicken.ts'
import { type Result, runClients } from './run-clients.ts'
import { readTable, writeTable } from './docs.ts'
import { GROUPS } from './open-clients.ts'
import { type Cell, isWorse, tableOf, withWorker } from './table.ts'

/** The table of the docs is made of all faults, by a command of its own; these tell the most. */
const TELLING = new Set([
  'bad-day',
  'server-errors',
  'cut-short',
  'error-at-once',
  'login-page',
  'byte-by-byte',
])

for (const [origin, crossOrigin] of [
  ['same origin', false],
  ['another origin', true],
] as const) {
  test(`every client meets every fault: ${origin}`, async ({ context, site }) => {
    test.setTimeout(900_000)
    const meetsAll = test.info().project.name === 'clients'
    const faults: readonly Preset[] = FAULTS.filter(({ name }) => meetsAll || TELLING.has(name))
    const cells: Cell[] = []
    const meet = async ({ name, steps, repeat = false }: Preset) => {
      const fault = { steps: steps.map(quicken), repeat }
      await Promise.all(
        GROUPS.map(async (clients) => {
          const run = { context, site, clients, fault, crossOrigin }
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
    await Promise.all([next(), next()])

    const order = faults.map(({ name }) => name)
    const clients = GROUPS.flat()
    const inOrder = cells.toSorted(
      (a, b) =>
        order.indexOf(a.fault) - order.indexOf(b.fault) ||
        clients.indexOf(a.client) - clients.indexOf(b.client),
    )
    console.log(`\n${origin}\n\n${tableOf(inOrder)}\n`)
    expect(inOrder.filter(isWorse)).toEqual([])
    if (meetsAll && process.env.WRITE_DOCS) await writeTable(origin, tableOf(inOrder))
    const documented = await readTable(origin)
    for (const row of tableOf(inOrder).split('\n')) expect(withWorker(documented)).toContain(withWorker(row))
  })
}

function resultOf(results: Record<string, Result>, client: ClientName): Result {
  const result = results[client]
  if (!result) throw new Error(`Nobody asked by ${client}`)
  return result
}
