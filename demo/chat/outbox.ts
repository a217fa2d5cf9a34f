import { computed, effect, signal } from '@preact/signals'
import type { OutboxEntry } from '../../client/index.ts'
import { createOutboxStore, type OutboxItem as StoreItem } from '../../ui/index.ts'
import { keeper } from '../page/keeper.ts'
import { readStored, type SaveState, type StoredMessage } from './message.ts'

/** An outbox entry with the chat message inside it; `null`: the message of another app. */
export interface OutboxItem extends StoreItem<StoredMessage | null> {
  /** The conversation of this chat, read from the entry's address. */
  session: string | null
}

export const outboxItems = signal<readonly OutboxItem[]>([])

/** A message that needs the user: only a button will move it. */
export const outboxNeedsHelp = computed(() =>
  outboxItems.value.some(({ state }) => state === 'dead' || state === 'needs_auth'),
)

const store = computed(() => keeper.value && createOutboxStore(keeper.value, { read: readMessage }))

/** Keeps `outboxItems` in step with the outbox, from now on. */
export function followOutbox(): void {
  effect(() => {
    const outbox = store.value
    return outbox?.subscribe(() => {
      outboxItems.value = outbox.getSnapshot().map(withSession)
    })
  })
}

/** Resolves when `outboxItems` has what the outbox has now. */
export async function refreshOutbox(): Promise<void> {
  await store.peek()?.refresh()
}

export function saveStateOf({ state }: OutboxEntry): SaveState {
  switch (state) {
    case 'queued':
    case 'sending':
    case 'waiting':
      return 'waiting'
    case 'needs_auth':
      return 'needs_sign_in'
    case 'dead':
      return 'undeliverable'
  }
}

export async function retryItem(id: string): Promise<void> {
  await store.peek()?.retry(id)
}

export async function discardItem(id: string): Promise<void> {
  await store.peek()?.discard(id)
}

/** Tries again everything that waited for a sign-in: one is enough for all. */
export async function retrySignIns(): Promise<void> {
  const waiting = outboxItems.peek().filter(({ state }) => state === 'needs_auth')
  await Promise.all(waiting.map(({ id }) => retryItem(id)))
}

/** Sends what is waiting now, whatever its next time was. */
export async function sendAllNow(): Promise<void> {
  await store.peek()?.flush()
}

export async function discardConversation(session: string): Promise<void> {
  await refreshOutbox()
  const own = outboxItems.peek().filter((item) => item.session === session)
  await Promise.all(own.map(({ id }) => discardItem(id)))
}

async function readMessage(body: Blob): Promise<StoredMessage | null> {
  try {
    return readStored(JSON.parse(await body.text()))
  } catch {
    // Not a message of this chat; it is listed without its words.
    return null
  }
}

function withSession(item: StoreItem<StoredMessage | null | undefined>): OutboxItem {
  return { ...item, content: item.content ?? null, session: sessionOf(item.url) }
}

function sessionOf(url: string): string | null {
  const session = /\/api\/sessions\/([^/]+)\/messages$/.exec(url)?.[1]
  return session ? decodeURIComponent(session) : null
}
