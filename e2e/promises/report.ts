/** The worker between the page's app and the network. */
export const WORKERS = ['none', 'relay', 'workbox', 'streamkeeper'] as const

export type WorkerName = (typeof WORKERS)[number]

/**
 * - `kept`, `broken`: as it was seen
 * - `skipped`: not tested here, for the reason that the figure says
 * - `error`: the test itself failed, and says nothing of the worker
 */
export type Verdict = 'kept' | 'broken' | 'skipped' | 'error'

/** The result of one promise. */
export interface Result {
  verdict: Verdict
  /** In words: what was measured, or why it was not. */
  figure: string
  durationMs: number
}

export interface Row {
  id: string
  /** In plain words. */
  promise: string
  /** How it is tested. */
  how: string
  results: Partial<Record<WorkerName, Result>>
}

/** The results of one visit of the page; the page posts them, and the server stores them. */
export interface Report {
  userAgent: string
  /** Epoch ms. */
  startedAt: number
  durationMs: number
  workers: WorkerName[]
  rows: Row[]
}

/** How a worker is called in a table. */
export const TITLES: Record<WorkerName, string> = {
  none: 'no worker',
  relay: 'a relay worker',
  workbox: 'workbox-background-sync',
  streamkeeper: 'streamkeeper',
}

/** Validates a report, because a browser may send anything. Throws if it is not a report. */
export function readReport(value: unknown): Report {
  const { userAgent, startedAt, durationMs, workers, rows } = value as Report
  const isResult = ({ verdict, figure, durationMs }: Result) =>
    Object.hasOwn(SIGNS, verdict) && typeof figure === 'string' && Number.isFinite(durationMs)
  const isRow = ({ id, promise, how, results }: Row) =>
    [id, promise, how].every((text) => typeof text === 'string') &&
    workers.every((worker) => results[worker] && isResult(results[worker]))
  const isReport =
    typeof userAgent === 'string' &&
    [startedAt, durationMs].every((number) => Number.isFinite(number)) &&
    workers.every((worker) => WORKERS.includes(worker)) &&
    rows.every(isRow)
  if (!isReport) throw new TypeError('The body is no report')
  return { userAgent, startedAt, durationMs, workers, rows }
}

const SIGNS: Record<Verdict, string> = { kept: '✓', broken: '**✗**', skipped: '–', error: '?' }

/** The browser and its time, then promises down, workers across, and a last row of sums, as Markdown. */
export function reportTable({ userAgent, startedAt, durationMs, workers, rows }: Report): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`
  return [
    `${plain(userAgent)}, ${new Date(startedAt).toISOString().slice(0, 10)}, ${Math.round(durationMs / 1000)} s.`,
    '',
    line(['promise', ...workers.map((worker) => TITLES[worker])]),
    line(['---', ...workers.map(() => '---')]),
    ...rows.map(({ promise, results }) => line([promise, ...workers.map((worker) => cell(results[worker]))])),
    line(['', ...workers.map((worker) => sum(rows, worker))]),
  ].join('\n')
}

function cell(result: Result | undefined): string {
  return result ? `${SIGNS[result.verdict]} ${result.figure}` : ''
}

/** How many promises a worker has kept, of those that were tested. */
export function sum(rows: readonly Row[], worker: WorkerName): string {
  const verdicts = rows.map(({ results }) => results[worker]?.verdict)
  const count = (verdict: Verdict) => verdicts.filter((each) => each === verdict).length
  const [kept, broken, errors] = [count('kept'), count('broken'), count('error')]
  return `${kept} kept, ${broken} broken${errors > 0 ? `, ${errors} not tested for an error` : ''}`
}

/** One line, without a terminal's control characters or a table's bars. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, ' ').replaceAll('|', '/')
}
