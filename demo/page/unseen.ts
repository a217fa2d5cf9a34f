import { computed, effect, signal } from '@preact/signals'
import type { Snapshot } from '../../client/index.ts'
import { selected } from '../history/conversations.ts'
import { keeper } from './keeper.ts'
import { conversationOf } from '../history/kept-answers.ts'

/** As the worker counts them: one that the server keeps by its own name. */
const counted = signal<Snapshot['unseen']>({})

/** How many answers have ended in each conversation while nobody looked. */
export const unseen = computed(() => byConversation(counted.value))

const isVisible = signal(!document.hidden)

/** Marks the open conversation as seen: when the user opens it, and when they come back to the page. */
export function followUnseen(): void {
  document.addEventListener('visibilitychange', () => (isVisible.value = !document.hidden))
  effect(() => keeper.value?.subscribe((snapshot) => (counted.value = snapshot.unseen)))
  effect(() => {
    if (!isVisible.value) return
    for (const name of Object.keys(counted.value))
      if (conversationOf(name) === selected.value) void keeper.peek()?.seen(name)
  })
}

function byConversation(counts: Snapshot['unseen']): Snapshot['unseen'] {
  const sums: Record<string, number> = {}
  for (const [name, count] of Object.entries(counts)) {
    const conversation = conversationOf(name)
    sums[conversation] = (sums[conversation] ?? 0) + count
  }
  return sums
}
