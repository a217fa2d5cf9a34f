import { between, chanceOf, lastsFor } from './chance.ts'
import { MIX } from './mix.ts'

/** A time in which the provider is in trouble, for everybody. Instants in ms after the beginning. */
export interface Outage {
  kind: 'down' | 'partial' | 'overloaded' | 'hanging' | 'blip'
  from: number
  until: number
}

const INCIDENTS = ['down', 'partial', 'overloaded', 'hanging'] as const

/** The month's outages, in their order: one incident of each kind, and blips. */
export function planOutages(seed: number): Outage[] {
  const random = chanceOf(seed, 1)
  const { incident, blips, blip } = MIX.outages
  const plan = (kind: Outage['kind'], length: { medianMs: number; sigma: number }): Outage => {
    const from = between(random, 0, MIX.spanMs)
    return { kind, from, until: from + lastsFor(random, length) }
  }
  return [
    ...INCIDENTS.map((kind) => plan(kind, incident)),
    ...Array.from({ length: blips }, () => plan('blip', blip)),
  ].sort((a, b) => a.from - b.from)
}

export function outageAt(outages: readonly Outage[], at: number): Outage | undefined {
  return outages.find(({ from, until }) => from <= at && at < until)
}
