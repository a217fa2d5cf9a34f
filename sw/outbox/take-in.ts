import { type Clock, waitAtMost } from '../../core/clock.ts'
import type { OutboxOptions, SaveRouteOptions } from '../../core/options/options.ts'
import { readKey } from '../../core/options/read-key.ts'
import type { RouteMatch } from '../../core/options/routes.ts'
import { createRequestId } from '../../core/protocol/request-id.ts'
import type { Principal } from '../principal.ts'
import { readBody } from '../reissue.ts'
import { type Entry, type SavedRequest, UNTRIED } from './entry.ts'
import { seal, type Secrets } from './seal.ts'
import { takeApart } from './send-save.ts'
import type { Store } from './store.ts'

/** A message that is being stored. */
export interface Incoming {
  /** All that is needed to send it without storing it. Rejects when its body cannot be read. */
  parts: Promise<{ record: SavedRequest; secrets: Secrets; body: ArrayBuffer | null }>
  /** Resolves when it has its place among the others; `stored` when it is in both stores. */
  placed: Promise<{ entry: Entry; stored: Promise<void> }>
}

export interface TakeInContext {
  clock: Clock
  origin: string
  store: Store
  principal: Principal
  authorization: OutboxOptions['authorization']
  /** Secrets that are never stored, by entry. */
  unsealed: Map<string, Secrets>
  /** Resolves when the storage has answered for the first time, or has not. */
  begun: Promise<unknown>
  /** Resolves when what an earlier life of this worker left is known. */
  loaded: () => Promise<void>
}

/** Nobody waits longer for a message that is still being read, ms. */
const TURN_MS = 10_000

/**
 * Gives messages their places in the order in which they came, inside a conversation, and stores them side by side. One
 * whose conversation is named in its body keeps its place among all of them.
 */
export function createTakeIn({ clock, origin, store, principal, begun, loaded, ...context }: TakeInContext) {
  const { authorization = 'sealed', unsealed } = context
  /** By conversation; settles when all that came before has its place. */
  const turns = new Map<string | undefined, Promise<unknown>>()

  /** Waits for what came before, and lets what comes later wait for `placed`; in bounds. */
  const takeTurn = (conversation: string | undefined) => {
    const earlier = Promise.all(
      conversation === undefined
        ? turns.values()
        : [conversation, undefined].flatMap((each) => turns.get(each) ?? []),
    )
    const until = (placed: Promise<unknown>) => {
      const turn = waitAtMost(clock, TURN_MS, Promise.allSettled([earlier, placed])).then(() => {
        if (turns.get(conversation) === turn) turns.delete(conversation)
      })
      turns.set(conversation, turn)
    }
    return { earlier, until }
  }

  return (request: Request, route: RouteMatch<SaveRouteOptions>, clientId: string): Incoming => {
    const { earlier, until } = takeTurn(conversationOf(request, route))
    const known = principal.of(clientId)
    known.catch(() => {}) // Told where it is needed.
    const parts = readBody(request).then((body) => ({ body, ...takeApart(request, body, route, origin) }))

    const sealFor = async (
      owner: string | null,
      { hasSecrets, hasQuery }: SavedRequest,
      secrets: Secrets,
    ) => {
      if (authorization === 'ask-page' || !(hasSecrets || hasQuery)) return {}
      return { sealed: await seal(await store.sealKey(owner), secrets) }
    }

    const place = async () => {
      const { record, secrets, body } = await parts
      const owner = await known
      const sealed = await sealFor(owner, record, secrets)
      await earlier
      await begun
      await loaded()
      // A clock that was set back does not tell this worker's messages from another's.
      if (clock.now() < timeOf(store.lastId())) await store.refresh()
      const createdAt = clock.now()
      const id = nextId(store.lastId(), createdAt)
      const entry = { ...record, ...sealed, ...UNTRIED, id, createdAt, clientId, principal: owner }
      if (authorization === 'ask-page') unsealed.set(id, secrets)
      return { entry, stored: store.add(entry, body) }
    }
    const placed = place()
    until(placed)
    return { parts, placed }
  }
}

/** The conversation, where it is known without the body. */
function conversationOf(
  { url: href }: Request,
  { settings, groups }: RouteMatch<SaveRouteOptions>,
): string | undefined {
  const source = settings.orderBy ?? 'path'
  const url = new URL(href)
  return source.startsWith('body')
    ? undefined
    : (readKey(source, { url, groups, body: undefined }) ?? url.pathname)
}

/** The next id: of the time, but never before the last one, whatever the clock does. */
function nextId(lastId: string, now: number): string {
  const number = Math.max(now, timeOf(lastId) + 1)
  return `${number.toString(36).padStart(9, '0')}-${createRequestId().slice(0, 8)}`
}

/** The time that an id begins with, epoch ms; 0 for none. */
function timeOf(id: string): number {
  return parseInt(id, 36) || 0
}
