import { type Clock, waitAtMost } from '../../core/clock.ts'
import { DEFAULT_OUTBOX, DEFAULT_SAVE } from '../../core/options/defaults.ts'
import type { OutboxOptions, SaveRouteOptions } from '../../core/options/options.ts'
import { readKey } from '../../core/options/read-key.ts'
import type { RouteMatch } from '../../core/options/routes.ts'
import { createRequestId } from '../../core/messages/request-id.ts'
import type { Principal } from '../page/principal.ts'
import { readBody } from '../chat/resend.ts'
import { type Entry, type SavedRequest, UNTRIED } from './entry.ts'
import type { Secrets } from './seal.ts'
import { takeApart } from './send-save.ts'
import type { Store } from './store.ts'

/** A message that is being stored. */
export interface Incoming {
  /** All that is needed to send it without storing it. Rejects when its body cannot be read. */
  parts: Promise<{ record: SavedRequest; secrets: Secrets; body: ArrayBuffer | null }>
  /** Resolves when it has its place among the others; `stored` when it is in both stores. */
  placed: Promise<{ entry: Entry; stored: Promise<void> }>
  /** The user who saves it. Rejects if that cannot be known. */
  owner: Promise<string | null>
}

export interface EnqueueContext {
  clock: Clock
  origin: string
  store: Store
  principal: Principal
  authorization: OutboxOptions['authorization']
  /** Secrets that are never stored, by entry. */
  unsealed: Map<string, Secrets>
  /** Resolves when the storage has responded for the first time, or has failed to. */
  begun: Promise<unknown>
  /** Resolves when the entries that an earlier run of this worker left are known. */
  loaded: () => Promise<void>
}

/** The longest wait for a message that is still being read, ms. */
export const SLOT_MS = 10_000

/**
 * Gives messages their places in the order in which they came, inside a conversation, and stores them side by side. A
 * message whose conversation is named in its body keeps its place among those of all conversations.
 */
export function createEnqueue({
  clock,
  origin,
  store,
  principal,
  begun,
  loaded,
  ...context
}: EnqueueContext) {
  const { authorization = DEFAULT_OUTBOX.authorization, unsealed } = context
  /** By conversation; settles when all that came before has its place. */
  const slots = new Map<string | undefined, Promise<unknown>>()
  let lastGiven = ''
  /** The latest time seen, on the clock or in an id that another worker gave, epoch ms. */
  let latestTime = 0

  /** Waits for earlier messages, and makes later ones wait for `placed`; within bounds. */
  const takeSlot = (conversation: string | undefined) => {
    const earlier = Promise.all(
      conversation === undefined
        ? slots.values()
        : [conversation, undefined].flatMap((each) => slots.get(each) ?? []),
    )
    const until = (placed: Promise<unknown>) => {
      const slot = waitAtMost(clock, SLOT_MS, Promise.allSettled([earlier, placed])).then(() => {
        if (slots.get(conversation) === slot) slots.delete(conversation)
      })
      slots.set(conversation, slot)
    }
    return { earlier, until }
  }

  return (request: Request, route: RouteMatch<SaveRouteOptions>, clientId: string): Incoming => {
    const { earlier, until } = takeSlot(conversationOf(request, route))
    const known = principal.of(clientId)
    known.catch(() => {}) // Handled where it is needed.
    const parts = readBody(request).then((body) => ({ body, ...takeApart(request, body, route, origin) }))

    const sealFor = async (
      owner: string | null,
      { hasSecrets, hasQuery }: SavedRequest,
      secrets: Secrets,
    ) => {
      if (authorization === 'ask-page' || !(hasSecrets || hasQuery)) return {}
      return { sealed: await (await store.sealKey(owner)).seal(secrets) }
    }

    const place = async () => {
      const { record, secrets, body } = await parts
      const owner = await known
      const sealed = await sealFor(owner, record, secrets)
      await earlier
      await begun
      await loaded()
      // This worker's own ids are ahead of the clock whenever more than one message comes in a millisecond.
      if (store.lastId() !== lastGiven) latestTime = Math.max(latestTime, timeOf(store.lastId()))
      // A clock that was set back cannot tell whether another worker has stored something.
      if (clock.now() < latestTime) await store.refresh()
      const createdAt = clock.now()
      const id = nextId(store.lastId(), createdAt)
      lastGiven = id
      latestTime = Math.max(latestTime, createdAt)
      const about = { id, createdAt, clientId, principal: owner, mark: store.mark() }
      const entry = { ...record, ...sealed, ...UNTRIED, ...about }
      if (authorization === 'ask-page') unsealed.set(id, secrets)
      return { entry, stored: store.add(entry, body) }
    }
    const placed = place()
    until(placed)
    return { parts, placed, owner: known }
  }
}

/** The conversation, if it is known without the body. */
function conversationOf(
  { url: href }: Request,
  { settings, groups }: RouteMatch<SaveRouteOptions>,
): string | undefined {
  const source = settings.orderBy ?? DEFAULT_SAVE.orderBy
  const url = new URL(href)
  return source.startsWith('body')
    ? undefined
    : (readKey(source, { url, groups, body: undefined }) ?? url.pathname)
}

/** The next id: it begins with the time, but never sorts before the last one, whatever the clock does. */
function nextId(lastId: string, now: number): string {
  const number = Math.max(now, timeOf(lastId) + 1)
  return `${number.toString(36).padStart(9, '0')}-${createRequestId().slice(0, 8)}`
}

/** The time that an id begins with, epoch ms; 0 for none. */
function timeOf(id: string): number {
  return parseInt(id, 36) || 0
}
