import { batch, computed, signal } from '@preact/signals'
import { stopAnswer } from '../chat/chat.ts'
import { deleteStored, fetchConversations, renameStored, type StoredConversation } from './history.ts'
import { createId } from '../page/id.ts'
import { notify } from '../page/notices.ts'
import { discardConversation, outboxItems } from '../chat/outbox.ts'
import { forgetThread, loadThread } from '../chat/thread.ts'

/** Conversations by id: the server's, and those that exist on this page only so far. */
const known = signal<ReadonlyMap<string, StoredConversation>>(new Map())

export const historyState = signal<'loading' | 'loaded' | 'failed'>('loading')

/** The conversation on screen. A new one has an id from the start, and enters the list with its first message. */
export const selected = signal(readHash() ?? createId())

/** Newest first; those the outbox alone knows are among them, so that a waiting message can be found. */
export const conversations = computed<StoredConversation[]>(() => {
  const all = new Map(known.value)
  for (const { session, content, createdAt } of outboxItems.value) {
    if (session && !all.has(session))
      all.set(session, { id: session, title: titleFrom(content?.content ?? ''), updatedAt: createdAt })
  }
  return [...all.values()].sort((a, b) => b.updatedAt - a.updatedAt)
})

export const selectedTitle = computed(
  () => conversations.value.find(({ id }) => id === selected.value)?.title || 'New conversation',
)

export async function loadConversations(): Promise<void> {
  try {
    const stored = await fetchConversations()
    const merged = new Map(known.peek())
    for (const conversation of stored) {
      const here = merged.get(conversation.id)
      merged.set(conversation.id, {
        ...conversation,
        title: conversation.title || here?.title || '',
        updatedAt: Math.max(conversation.updatedAt, here?.updatedAt ?? 0),
      })
    }
    batch(() => {
      known.value = merged
      historyState.value = 'loaded'
    })
  } catch {
    // The server is away: what this page and the outbox know is shown, with a note and a button.
    historyState.value = 'failed'
  }
}

export function select(id: string): void {
  if (id === selected.peek()) return
  selected.value = id
  history.replaceState(null, '', `#${id}`)
  void loadThread(id)
}

export function startConversation(): void {
  selected.value = createId()
  history.replaceState(null, '', location.pathname)
}

/** Notes that something was said: the conversation enters the list, or moves to its top. */
export function touch(id: string, firstWords: string): void {
  const here = known.peek().get(id)
  put({ id, title: here?.title || titleFrom(firstWords), updatedAt: Date.now() })
  if (selected.peek() === id) history.replaceState(null, '', `#${id}`)
}

export async function rename(id: string, title: string): Promise<void> {
  const before = conversations.peek().find((conversation) => conversation.id === id)
  if (!before || !title || title === before.title) return
  put({ ...before, title })
  try {
    await renameStored(id, title)
  } catch {
    put(before)
    notify('The new name could not be saved')
  }
}

export async function remove(id: string): Promise<void> {
  const before = known.peek().get(id)
  stopAnswer(id)
  try {
    // Unsent messages go first: one delivered later would bring the conversation back.
    await discardConversation(id)
    if (before) await deleteStored(id)
  } catch {
    notify('The conversation could not be deleted')
    return
  }
  const rest = new Map(known.peek())
  rest.delete(id)
  batch(() => {
    known.value = rest
    if (selected.peek() === id) startConversation()
  })
  forgetThread(id)
}

/** The conversation so many places further down the list. */
export function selectNeighbour(step: 1 | -1): void {
  const ids = conversations.peek().map(({ id }) => id)
  const next = ids[ids.indexOf(selected.peek()) + step]
  if (next) select(next)
}

export function followAddress(): void {
  addEventListener('hashchange', () => {
    const id = readHash()
    if (id) select(id)
  })
}

function put(conversation: StoredConversation): void {
  known.value = new Map(known.peek()).set(conversation.id, conversation)
}

function readHash(): string | null {
  return /^#([\w-]{1,64})$/.exec(location.hash)?.[1] ?? null
}

/** The same name as the server will give it. */
function titleFrom(words: string): string {
  const line = words.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 59).trimEnd()}…` : line
}
