import { effect, signal } from '@preact/signals'
import { keepsAnswers } from '../history/kept-answers.ts'

const KEY = 'demo.key'
const MODEL = 'demo.model'

/** For a server that passes on to a real service. Kept for this tab only: it is gone when the tab is closed. */
export const apiKey = signal(sessionStorage.getItem(KEY) ?? '')

/** The real service this server passes chats on to; nothing while the demo's own answers. */
export const upstreamOrigin = signal<string | null>(null)

export const models = signal<string[]>(['demo-small', 'demo-large', 'o4-mini-demo'])

export const model = signal(localStorage.getItem(MODEL) ?? '')

/** Follows what the person sets, and asks the server which models it has. */
export function startSettings(): void {
  effect(() => sessionStorage.setItem(KEY, apiKey.value))
  effect(() => localStorage.setItem(MODEL, model.value))
  effect(() => {
    if (!models.value.includes(model.value)) model.value = models.value[0] ?? ''
  })
  void loadModels()
  void loadUpstream()
}

export async function loadModels(): Promise<void> {
  try {
    const response = await fetch('/v1/models', { headers: keyHeader() })
    const { data } = (await response.json()) as { data?: { id?: unknown }[] }
    const ids = (data ?? []).flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
    if (ids.length) models.value = ids
  } catch {
    // The built-in names stay; a service that lists no models still answers.
  }
}

async function loadUpstream(): Promise<void> {
  try {
    const config = (await (await fetch('/__upstream/config')).json()) as {
      upstreamOrigin?: unknown
      keepsAnswers?: unknown
    }
    if (typeof config.upstreamOrigin === 'string') upstreamOrigin.value = config.upstreamOrigin
    keepsAnswers.value = config.keepsAnswers === true
  } catch {
    // Without it the demo does what it can without a server's help.
  }
}

export function keyHeader(): Record<string, string> {
  return apiKey.peek() ? { Authorization: `Bearer ${apiKey.peek()}` } : {}
}
