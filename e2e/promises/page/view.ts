import { type Report, type Row, sum, TITLES, type Verdict, type WorkerName, WORKERS } from '../report.ts'

/** The page's table and what is around it. */
export interface View {
  begin: (row: Row, worker: WorkerName) => void
  show: (row: Row, worker: WorkerName) => void
  end: (report: Report, words: string) => void
}

const WORDS: Record<Verdict, string> = {
  kept: '✓ kept',
  broken: '✗ broken',
  skipped: '– not tested here',
  error: '? the test failed',
}

export function createView(workers: readonly WorkerName[], rows: readonly Row[]): View {
  offerChoices(workers)
  byId('agent').textContent = navigator.userAgent
  byId('head').append(
    ...['promise', ...workers.map((worker) => TITLES[worker])].map((text) => cell('th', text)),
  )
  const cells = new Map<string, HTMLElement>()
  for (const row of rows) {
    const line = document.createElement('tr')
    const promise = cell('th', row.promise)
    promise.scope = 'row'
    promise.append(small('how', row.how))
    line.append(promise)
    for (const worker of workers) {
      const found = cell('td', '…')
      found.dataset.verdict = 'waiting'
      found.dataset.worker = TITLES[worker]
      cells.set(`${row.id} ${worker}`, found)
      line.append(found)
    }
    byId('rows').append(line)
  }
  const progress = byId('progress') as HTMLProgressElement
  progress.max = rows.length * workers.length

  return {
    begin: (row, worker) => {
      byId('state').textContent =
        `${progress.value + 1} of ${progress.max}, ${TITLES[worker]}: ${row.promise}`
    },
    show: (row, worker) => {
      progress.value++
      const found = cells.get(`${row.id} ${worker}`)
      const result = row.results[worker]
      if (!found || !result) return
      const verdict = document.createElement('strong')
      verdict.textContent = WORDS[result.verdict]
      found.dataset.verdict = result.verdict
      found.replaceChildren(verdict, small('figure', result.figure))
    },
    end: ({ durationMs }, words) => {
      progress.hidden = true
      byId('state').textContent = `Done in ${Math.round(durationMs / 1000)} s. ${words}`
      const sums = workers.map((worker) => {
        const found = cell('td', sum(rows, worker))
        found.dataset.worker = TITLES[worker]
        return found
      })
      byId('sums').replaceChildren(cell('th', ''), ...sums)
    },
  }
}

/** Links to the same page with other workers. */
function offerChoices(workers: readonly WorkerName[]): void {
  const choices = [...WORKERS.map((worker) => [worker]), [...WORKERS]]
  byId('choices').append(
    ...choices.map((choice) => {
      const link = document.createElement('a')
      const query = new URLSearchParams(location.search)
      query.set('worker', choice.join(','))
      link.href = `?${query}`
      const [only] = choice
      link.textContent = choice.length === 1 && only ? TITLES[only] : 'all side by side'
      if (choice.join() === workers.join()) link.setAttribute('aria-current', 'page')
      return link
    }),
  )
}

function cell(name: 'th' | 'td', text: string): HTMLTableCellElement {
  const element = document.createElement(name)
  element.textContent = text
  return element
}

function small(className: string, text: string): HTMLElement {
  const element = document.createElement('span')
  element.className = className
  element.textContent = text
  return element
}

function byId(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`Cannot find #${id}`)
  return element
}
