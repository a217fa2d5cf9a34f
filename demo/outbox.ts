import { computed, signal } from '@preact/signals'
import type { OutboxEntry } from '../client/index.ts'
import { keeper } from './keeper.ts'
import { readStored, type SaveState, type StoredMessage } from './message.ts'

/** An outbox entry with the chat message inside it. */
export interface OutboxItem extends OutboxEntry {
  /** The conversation of this chat, read from the entry's address. */
  session: string | null
  message: StoredMessage | null
  text: string
}

export const outboxItems = signal<OutboxItem[]>([])

/** What needs a person: nothing will move it but a button. */
export const outboxNeedsHelp = computed(() =>
  outboxItems.value.some(({ state }) => state === 'dead' || state === 'needs_auth'),
)

/** Bodies by entry: they never change, and reading one is a trip to the worker's store. */
const bodies = new Map<string, StoredMessage | null>()
let refreshing: Promise<void> | null = null
let stale = false

/** Reads the outbox anew. Calls that come while one is reading share the next reading. */
export function refreshOutbox(): Promise<void> {
  stale = true
  refreshing ??= (async () => {
    try {
      while (stale) {
        stale = false
        await read()
      }
    } finally {
      refreshing = null
    }
  })()
  return refreshing
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
  await keeper.peek()?.outbox.retry(id)
  await refreshOutbox()
}

export async function discardItem(id: string): Promise<void> {
  await keeper.peek()?.outbox.discard(id)
  await refreshOutbox()
}

/** Tries again everything that waited for a sign-in: one is enough for all. */
export async function retrySignIns(): Promise<void> {
  const waiting = outboxItems.peek().filter(({ state }) => state === 'needs_auth')
  await Promise.all(waiting.map(async ({ id }) => keeper.peek()?.outbox.retry(id)))
  await refreshOutbox()
}

/** Sends what waits now, whatever its next time was. */
export async function sendAllNow(): Promise<void> {
  await keeper.peek()?.outbox.flush()
  await refreshOutbox()
}

export async function discardConversation(session: string): Promise<void> {
  await refreshOutbox()
  const mine = outboxItems.peek().filter((item) => item.session === session)
  await Promise.all(mine.map(async ({ id }) => keeper.peek()?.outbox.discard(id)))
  await refreshOutbox()
}

async function read(): Promise<void> {
  const outbox = keeper.peek()?.outbox
  if (!outbox || keeper.peek()?.state !== 'controlling') {
    if (outboxItems.peek().length) outboxItems.value = []
    return
  }
  try {
    const entries = await outbox.list()
    outboxItems.value = await Promise.all(
      entries.map(async (entry) => {
        if (!bodies.has(entry.id)) bodies.set(entry.id, await readBody(await outbox.body(entry.id)))
        const message = bodies.get(entry.id) ?? null
        return { ...entry, session: sessionOf(entry.url), message, text: message?.content ?? '' }
      }),
    )
    for (const id of bodies.keys()) if (!entries.some((entry) => entry.id === id)) bodies.delete(id)
  } catch {
    // The worker is being replaced or has gone; its next status brings us here again.
  }
}

async function readBody(body: Blob | null): Promise<StoredMessage | null> {
  if (!body) return null
  try {
    return readStored(JSON.parse(await body.text()))
  } catch {
    // Not a message of this chat; it is listed without its words.
    return null
  }
}

function sessionOf(url: string): string | null {
  const session = /\/api\/sessions\/([^/]+)\/messages$/.exec(url)?.[1]
  return session ? decodeURIComponent(session) : null
}
