import { effect, signal } from '@preact/signals'
import type { Snapshot } from '../../client/index.ts'
import { selected } from '../history/conversations.ts'
import { keeper } from './keeper.ts'

/** How many answers have ended in each conversation while nobody looked. */
export const unseen = signal<Snapshot['unseen']>({})

const isVisible = signal(!document.hidden)

/** Whatever the person looks at is seen: when they open it, and when they come back to it. */
export function followUnseen(): void {
  document.addEventListener('visibilitychange', () => (isVisible.value = !document.hidden))
  effect(() => keeper.value?.subscribe((snapshot) => (unseen.value = snapshot.unseen)))
  effect(() => {
    if (isVisible.value && unseen.value[selected.value]) void keeper.peek()?.seen(selected.value)
  })
}
