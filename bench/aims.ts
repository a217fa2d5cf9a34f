import { type Aim, table } from './report.ts'

/** An aim that is reached by at most so much; none where nothing was measured. */
export function atMost(aim: string, found: number, limit: number, tell: (found: number) => string): Aim {
  return { aim, found: tell(found), isReached: found <= limit }
}

/** An aim that is reached by at least so much; none where nothing was measured. */
export function atLeast(aim: string, found: number, limit: number, tell: (found: number) => string): Aim {
  return { aim, found: tell(found), isReached: found >= limit }
}

/** A Markdown table of what was aimed at. */
export function reportAims(aims: readonly Aim[]): string {
  return table(
    ['target', 'in this run', 'reached'],
    aims.map(({ aim, found, isReached }) => [aim, found, isReached ? 'yes' : 'no']),
  ).join('\n')
}
