import { cpus } from 'node:os'
import type { Part } from '../report.ts'
import { MIX } from './mix.ts'
import { plotPolicies } from './plot-policies.ts'
import { POLICIES_AND_ORACLE } from './policies.ts'
import { reportPolicies } from './report-policies.ts'
import { simulate } from './simulate.ts'

/** Runs all policies on the mix: one month of it for each seed, or a tenth of a month when `quick`. */
export async function measurePolicies(seeds: readonly number[], quick: boolean): Promise<Part> {
  const chats = quick ? 1_000 : MIX.chats
  const startedAt = performance.now()
  const simulated = await simulate({
    policies: POLICIES_AND_ORACLE,
    seeds,
    chats,
    ran: (seed, { name }) => console.error(`Seed ${seed}: ${name}`),
  })
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0)
  const machine = `Node ${process.versions.node}, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, in ${seconds} s, ${new Date().toISOString().slice(0, 10)}.`
  return {
    text: reportPolicies(simulated, { seeds, chats, machine }),
    measured: simulated.map(({ policy, figures }) => ({ policy: policy.name, figures })),
    plots: await plotPolicies(simulated),
  }
}
