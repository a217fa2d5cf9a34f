import type { Fault } from '../../demo/server/step.ts'
import type { Page } from './page.ts'

/** A request as `<request-timelines>` shows it. */
export interface DrawnRequest {
  /** The text for a screen reader. */
  label: string
  state: string
  isOwn: boolean
  segments: { kind: string; ms: number }[]
  marks: string[]
  /** The details that open on request, line by line. */
  story: string[]
}

/** Sends a request that goes wrong so, and reads its answer. */
export async function ask(tab: Page, fault: Omit<Fault, 'id'>): Promise<void> {
  await tab.evaluate(
    (fault) => {
      const headers = { 'Content-Type': 'application/json' }
      const messages = [{ role: 'user', content: 'Hello' }]
      const body = JSON.stringify({ model: 'demo-small', stream: true, messages, fault })
      void fetch('/v1/chat/completions', { method: 'POST', headers, body })
        .then((response) => response.text())
        .catch(() => {})
    },
    { ...fault, id: crypto.randomUUID() },
  )
}

/** Waits until the newest request has that state and, if said, does that; returns it. */
export function drawn(tab: Page, state: string, kind = ''): Promise<DrawnRequest> {
  return tab.waitFor(readNewest, { state, kind })
}

// This runs in the page; it must stand alone.

function readNewest({ state, kind }: { state: string; kind: string }): DrawnRequest | null {
  const root = document.querySelector('request-timelines')?.shadowRoot
  const item = root?.querySelector<HTMLElement>('.rows > li')
  const bar = item?.querySelector('[role="img"]')
  if (!item || !bar || item.dataset.state !== state) return null
  const segments = Array.from(bar.querySelectorAll<HTMLElement>('[data-kind]'), ({ dataset, style }) => ({
    kind: dataset.kind ?? '',
    ms: Number(style.getPropertyValue('--to')) - Number(style.getPropertyValue('--from')),
  })).filter(({ kind }) => kind !== 'planned')
  if (kind && segments.at(-1)?.kind !== kind) return null
  return {
    label: bar.getAttribute('aria-label') ?? '',
    state,
    isOwn: item.dataset.own === 'true',
    segments,
    marks: Array.from(bar.querySelectorAll<HTMLElement>('[data-mark]'), ({ dataset }) => dataset.mark ?? ''),
    story: Array.from(item.querySelectorAll('.story li'), ({ lastChild }) => lastChild?.textContent ?? ''),
  }
}
