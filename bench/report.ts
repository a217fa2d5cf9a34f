import { cpus } from 'node:os'
import { median } from './statistics.ts'

/** Something that was aimed at, and what came of it. */
export interface Aim {
  aim: string
  /** The measured quantity. */
  found: string
  isReached: boolean
}

/** The results of one part of the benchmark. */
export interface Part {
  /** Markdown. */
  text: string
  measured: unknown
  /** SVGs by name. */
  plots: Record<string, string>
  /** The targets, as far as they were measured. */
  aims?: Aim[]
}

export interface Circumstances {
  rounds: number
  quick: boolean
  machine: string
}

/** The lines of a Markdown table: names to the left, figures to the right. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(titles), `| --- |${' ---: |'.repeat(titles.length - 1)}`, ...rows.map(line), '']
}

export function describeMachine(browser: string): string {
  return `Chromium ${browser}, ${describeNode()}`
}

export function describeNode(): string {
  const [first] = cpus()
  return `Node ${process.versions.node}, ${cpus().length} × ${first?.model.trim() ?? 'unknown CPU'}, ${process.platform}, ${new Date().toISOString().slice(0, 10)}.`
}

/** One figure over all rounds, and its ratio to the same figure of another path. */
export function cell(values: readonly number[], baseline?: readonly number[]): string {
  const spread = `${tell(median(values))} (${tell(Math.min(...values))}–${tell(Math.max(...values))})`
  if (!baseline) return spread
  return `${spread} ×${ratio(values, baseline).toFixed(2)}`
}

/** Round by round, so that a round in which the whole machine was slow does not count. */
export function ratio(values: readonly number[], baseline: readonly number[]): number {
  return median(values.map((value, round) => value / (baseline[round] ?? Number.NaN)))
}

/** 10000 as 10 000. */
export function tellCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}

export function tell(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)
}
