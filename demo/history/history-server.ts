import { signal } from '@preact/signals'
import { notify } from '../page/notices.ts'
import { isSignedIn } from '../page/sign-in.ts'

export type HistoryMode = 'ok' | 'slow' | 'fail' | 'auth' | 'reject'

/** How the demo's history server can be told to behave. */
export const historyModes: { name: HistoryMode; title: string; description: string }[] = [
  { name: 'ok', title: 'Works', description: 'Messages are saved at once.' },
  { name: 'slow', title: 'Slow', description: 'Every save takes 5 s. No answer waits for it.' },
  { name: 'fail', title: 'Fails', description: 'No save succeeds. Messages wait in the outbox.' },
  { name: 'auth', title: 'Sign-in', description: 'Messages wait in the outbox until you sign in there.' },
  { name: 'reject', title: 'Refuses', description: 'Messages are turned down and stay in the outbox.' },
]

/** Nothing while the server is away, or was told something that this menu does not offer. */
export const historyMode = signal<HistoryMode | null>(null)

export async function loadHistoryMode(): Promise<void> {
  try {
    const { mode } = (await (await fetch('/api/behaviour')).json()) as { mode?: unknown }
    historyMode.value = historyModes.find(({ name }) => name === mode)?.name ?? null
  } catch {
    // The server is stopped; the menu says that it cannot be reached.
    historyMode.value = null
  }
}

export async function setHistoryMode(mode: HistoryMode): Promise<void> {
  try {
    const response = await fetch('/api/behaviour', {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ mode }),
    })
    if (!response.ok) throw new Error(`Cannot set mode: the server answered ${response.status}`)
    historyMode.value = mode
    if (mode === 'auth') isSignedIn.value = false
  } catch {
    notify('The history server cannot be reached')
  }
}
