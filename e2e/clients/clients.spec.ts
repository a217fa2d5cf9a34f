import { FAULTS, type Preset } from '../../demo/server/faults.ts'
import type { ClientName } from '../site/clients.ts'
import { expect, test } from '../test.ts'
import { QUICK_OPTIONS, quicken } from './quicken.ts'
import { runClients } from './run-clients.ts'
import { type Cell, isWorse, tableOf } from './table.ts'

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
            runClients({ ...run, patienceMs: 20_000 }),
            runClients({ ...run, options: QUICK_OPTIONS, patienceMs: 90_000 }),
          ])
          for (const client of clients) {
            const pair = { alone: alone[client], kept: kept[client] }
            if (pair.alone && pair.kept)
              cells.push({ fault: name, client, ...(pair as Required<typeof pair>) } as Cell)
          }
        }),
      )
    }
    const waiting = [...faults]
    const next = async () => {
      for (let fault = waiting.shift(); fault; fault = waiting.shift()) await meet(fault)
    }
    await Promise.all([next(), next(), next()])

    const order = faults.map(({ name }) => name)
    const inOrder = cells.toSorted((a, b) => order.indexOf(a.fault) - order.indexOf(b.fault))
    console.log(`\n${origin}\n\n${tableOf(inOrder)}\n`)
    if (process.env.SHOW) {
      for (const { fault, client, alone, kept } of inOrder) {
        console.log(fault, '·', client, JSON.stringify(alone.reply.error), JSON.stringify(kept.reply.error))
      }
    }
    expect(inOrder.filter(isWorse)).toEqual([])
  })
}
