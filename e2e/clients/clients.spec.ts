import { FAULTS, type Preset } from '../../demo/server/faults.ts'
import type { ClientName } from '../site/clients.ts'
import { expect, test } from '../test.ts'
import { QUICK_OPTIONS, quicken } from './quicken.ts'
import { type Result, runClients } from './run-clients.ts'
import { readTable, writeTable } from './docs.ts'
import { type Cell, isWorse, tableOf, withWorker } from './table.ts'

/** A browser has six connections to an origin; no more clients than that share one. */
const GROUPS: ClientName[][] = [
  ['openai chat', 'openai chat, whole', 'openai responses', 'openai responses, whole', 'useChat'],
  ['anthropic', 'anthropic stream', 'anthropic, whole', 'streamText', 'generateText'],
  ['fetch', 'fetch text', 'XHR', 'EventSource'],
]

const only = process.env.FAULTS?.split(',')
const faults: readonly Preset[] = FAULTS.filter(({ name }) => !only || only.includes(name))

for (const [origin, crossOrigin] of [
  ['same origin', false],
  ['another origin', true],
] as const) {
  test(`every client meets every fault: ${origin}`, async ({ context, site }) => {
    test.setTimeout(900_000)
    const cells: Cell[] = []
    const meet = async ({ name, steps, repeat = false }: Preset) => {
      const fault = { steps: steps.map(quicken), repeat }
      await Promise.all(
        GROUPS.map(async (clients) => {
          const run = { context, site, clients, fault, crossOrigin }
          const [alone, kept] = await Promise.all([
            runClients({ ...run, patienceMs: 12_000 }),
            runClients({ ...run, options: QUICK_OPTIONS, patienceMs: 90_000 }),
          ])
          for (const client of clients) {
            cells.push({ fault: name, client, alone: resultOf(alone, client), kept: resultOf(kept, client) })
          }
        }),
      )
    }
    // A write per byte keeps the machine busy; beside others it would be cut at our short limits.
    const busy = faults.filter(({ name }) => name === 'byte-by-byte')
    for (const fault of busy) await meet(fault)
    const waiting = faults.filter((fault) => !busy.includes(fault))
    const next = async () => {
      for (let fault = waiting.shift(); fault; fault = waiting.shift()) await meet(fault)
    }
    await Promise.all([next(), next(), next(), next()])

    const order = faults.map(({ name }) => name)
    const clients = GROUPS.flat()
    const inOrder = cells.toSorted(
      (a, b) =>
        order.indexOf(a.fault) - order.indexOf(b.fault) ||
        clients.indexOf(a.client) - clients.indexOf(b.client),
    )
    console.log(`\n${origin}\n\n${tableOf(inOrder)}\n`)
    expect(inOrder.filter(isWorse)).toEqual([])
    if (only) return
    if (process.env.WRITE_DOCS) await writeTable(origin, tableOf(inOrder))
    expect(withWorker(tableOf(inOrder))).toBe(withWorker(await readTable(origin)))
  })
}

function resultOf(results: Record<string, Result>, client: ClientName): Result {
  const result = results[client]
  if (!result) throw new Error(`Nobody asked by ${client}`)
  return result
}
