import { readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

/** How many tests ran, over all reporters. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/**
 * Sums the closing lines of Vitest (`Tests  1 failed | 2 passed (3)`) and Playwright (`2 passed (3.1s)`).
 *
 * A run that broke off before it counted, or whose exit code says so while its counts do not, has one failure more.
 */
export function countResults(log: string, exitCode: number): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const line of stripVTControlCharacters(log).split(/\r?\n/)) {
    const vitest = /^\s*Tests {2}(?=\d)(.*)\(\d+\)$/.exec(line)?.[1]
    const playwright =
      /^ {2}(\d+ (?:passed|failed|flaky|skipped|interrupted|did not run))(?: \([\d.hms]+\))?$/.exec(line)
    for (const part of (vitest ?? playwright?.[1] ?? '').split('|')) add(counts, part.trim())
  }
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1
  if (counts.passed === 0 && counts.failed === 0) counts.failed = 1
  return counts
}

function add(counts: Counts, part: string): void {
  const [, number, word] = /^(\d+) (.+)$/.exec(part) ?? []
  if (number === undefined || word === undefined) return
  counts[KIND[word] ?? 'failed'] += Number(number)
}

/** The meaning of each reporter's word; an unknown word counts as a failure. */
const KIND: Record<string, keyof Counts> = {
  passed: 'passed',
  skipped: 'skipped',
  todo: 'skipped',
  // It passed in the end, as it always should have.
  flaky: 'failed',
}

if (import.meta.main) {
  const [path = '', exitCode = '1'] = process.argv.slice(2)
  const { passed, failed, skipped } = countResults(readFileSync(path, 'utf8'), Number(exitCode))
  if (skipped > 0) console.log(`${skipped} skipped`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 || Number(exitCode) !== 0 ? 1 : 0
}
