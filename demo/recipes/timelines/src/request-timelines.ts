import { createElement, place, resize, write } from './elements.ts'
import { createRowView, type RowView } from './row-view.ts'
import { type Row, toRow } from './row.ts'
import { STYLES } from './styles.ts'
import { tellMs } from './timeline-words.ts'
import type { Timeline } from './timelines.ts'

/**
 * `<request-timelines>` draws requests as timelines, the newest first, all to one scale. Set its `timelines`: while one of
 * them is open it draws anew in every frame; a page that is hidden has no frames.
 */
export class RequestTimelines extends HTMLElement {
  #timelines: readonly Timeline[] = []
  #frame = 0
  /** Rows that will not change any more. */
  readonly #ended = new WeakMap<Timeline, Row>()
  readonly #views = new Map<string, RowView>()
  readonly #legend = createLegend()
  readonly #axis = createElement('div', { class: 'axis', 'aria-hidden': 'true' })
  readonly #rows = createElement('ol', { class: 'rows' })
  readonly #empty = createElement('p', { class: 'empty' }, 'No request yet.')

  constructor() {
    super()
    const root = this.attachShadow({ mode: 'open' })
    // A sheet made by script is allowed where a policy (CSP) forbids inline styles.
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(STYLES)
    root.adoptedStyleSheets = [sheet]
    root.append(this.#legend, this.#axis, this.#rows, this.#empty)
  }

  get timelines(): readonly Timeline[] {
    return this.#timelines
  }

  set timelines(timelines: readonly Timeline[]) {
    this.#timelines = timelines
    if (this.isConnected) this.#draw()
  }

  connectedCallback(): void {
    this.#draw()
  }

  disconnectedCallback(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
  }

  #draw(): void {
    const now = Date.now()
    const rows = this.#timelines.map((timeline) => this.#rowOf(timeline, now)).toReversed()
    this.#drawAxis(Math.max(1_000, ...rows.map(spanOf)) * 1.02)
    this.#drawRows(rows)
    this.#empty.hidden = rows.length > 0
    this.#axis.hidden = this.#legend.hidden = rows.length === 0
    if (rows.every(({ end }) => end)) return
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      this.#draw()
    })
  }

  #rowOf(timeline: Timeline, now: number): Row {
    const row = this.#ended.get(timeline) ?? toRow(timeline, now)
    if (row.end) this.#ended.set(timeline, row)
    return row
  }

  #drawAxis(spanMs: number): void {
    const stepMs = niceStep(spanMs / 5)
    place(this.#axis, { span: spanMs, step: stepMs })
    place(this.#rows, { span: spanMs, step: stepMs })
    // A label at the very end would hang over it.
    resize(this.#axis, Math.floor((spanMs * 0.95) / stepMs) + 1, () => createElement('span'))
    Array.from(this.#axis.children, (tick, index) => {
      place(tick, { from: index * stepMs })
      write(tick, tellTick(index * stepMs))
    })
  }

  #drawRows(rows: Row[]): void {
    for (const [key, { item }] of this.#views) {
      if (rows.some((row) => row.key === key)) continue
      item.remove()
      this.#views.delete(key)
    }
    rows.forEach((row, index) => {
      const view = this.#views.get(row.key) ?? createRowView()
      this.#views.set(row.key, view)
      // An element that is already in place is not moved, because it would lose the focus.
      const inPlace = this.#rows.children[index] ?? null
      if (inPlace !== view.item) this.#rows.insertBefore(view.item, inPlace)
      view.draw(row)
    })
  }
}

function spanOf({ startedAt, endedAt, end, segments }: Row): number {
  const last = segments.at(-1)
  const planned = !end && last && 'until' in last ? last.until : 0
  return Math.max(endedAt, planned) - startedAt
}

/** The next of 1, 2, 5, 10, 20 … of a hundred ms. */
function niceStep(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(ms))
  return [1, 2, 5].map((each) => each * power).find((each) => each >= ms) ?? 10 * power
}

function tellTick(ms: number): string {
  return ms < 60_000 ? `${ms / 1_000} s` : tellMs(ms)
}

function createLegend(): HTMLElement {
  const items = LEGEND.map(([words, attributes]) =>
    createElement(
      'li',
      {},
      createElement('span', { class: 'sample' }, createElement('span', attributes)),
      words,
    ),
  )
  return createElement('ul', { class: 'legend', 'aria-label': 'Legend' }, ...items)
}

const LEGEND: [string, Record<string, string>][] = [
  ['Attempt', { 'data-kind': 'attempt' }],
  ['Wait', { 'data-kind': 'wait' }],
  ['Held back', { 'data-kind': 'held' }],
  ['Answering', { 'data-kind': 'answering' }],
  ['Silent', { 'data-kind': 'stalled' }],
  ['Headers', { 'data-mark': 'headers' }],
  ['First word', { 'data-mark': 'first_output' }],
]

if (!customElements.get('request-timelines')) customElements.define('request-timelines', RequestTimelines)
