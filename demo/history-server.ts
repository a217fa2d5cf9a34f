import { signal } from '@preact/signals'
import { keeper } from './keeper.ts'
import { notify } from './notices.ts'
import { refreshOutbox, retryItem } from './outbox.ts'

export type HistoryBehaviour = 'ok' | 'fail' | 'slow' | 'auth'

/** How the demo's history server can be told to behave. */
export const behaviours: { name: HistoryBehaviour; title: string; description: string }[] = [
  { name: 'ok', title: 'Works', description: 'Messages are saved at once.' },
  { name: 'slow', title: 'Slow', description: 'Every save takes 5 s. The answer does not wait for it.' },
  { name: 'fail', title: 'Fails', description: 'Every save fails. Messages wait in the outbox.' },
  {
    name: 'auth',
    title: 'Sign-in',
    description: 'Messages wait until you sign in, from the outbox.',
  },
]

export const historyBehaviour = signal<HistoryBehaviour | null>(null)

export async function loadHistoryBehaviour(): Promise<void> {
  historyBehaviour.value = 'ok'
}

export async function setHistoryBehaviour(name: HistoryBehaviour): Promise<void> {
  try {
    await fetch('/api/behaviour', {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ history: name }),
    })
    historyBehaviour.value = name
  } catch {
    notify('The history server cannot be reached')
  }
}

export async function signIn(entryId: string): Promise<void> {
  await setHistoryBehaviour('ok')
  void keeper
  await retryItem(entryId)
  await refreshOutbox()
}
