import type { Clock, Random } from '../../core/clock.ts'
import type { FailureCode } from '../../core/messages/failure.ts'
import type { SaveStatus, NewStatus } from '../../core/messages/status.ts'
import type { Waiters } from './save-response.ts'
import type { Credentials, ProvidedHeaders } from './credentials.ts'
import { decideSave, saveBackoff, type SaveDecision } from './decide-save.ts'
import type { Slot } from './drain.ts'
import { type Entry, ownerOf, type Progress, type State } from './entry.ts'
import type { MessageAge } from './message-age.ts'
import { sizeOf } from './message-cache.ts'
import { isHolding, move } from './transitions.ts'
import { NO_SECRETS, type Secrets } from './seal.ts'
import { getAs, isReachable, type ReadSaveResponse, sendRecord, trySend } from './send-save.ts'
import type { Store } from './store.ts'

export interface DeliverContext {
  clock: Clock
  random: Random
  fetch: (url: string, init: RequestInit) => Promise<Response>
  store: Store
  credentials: Credentials
  /** `undefined` if they cannot be read any more. */
  openSecrets: (entry: Entry) => Promise<Secrets | undefined>
  /** True if its sender is signed in. */
  isOwn: (entry: Entry) => boolean
  emit: (status: NewStatus<SaveStatus>, clientId: string) => void
  age: MessageAge
  waiters: Waiters
  /** The sends under way. */
  sends: Set<Send>
}

/** A request that has been given to `fetch`. */
export interface Send {
  /** `principal` is `undefined` if it is unknown whose it is. */
  entry: Pick<Entry, 'id'> & { principal: string | null | undefined }
  abort: () => void
  /** Resolves when nothing of it is under way. */
  ended: Promise<unknown>
}

/** Keeps a request among those under way until it has ended. */
export async function trackSend<Result>(
  sends: Set<Send>,
  entry: Send['entry'],
  deadline: AbortController,
  ended: Promise<Result>,
): Promise<Result> {
  const send: Send = { entry, abort: () => deadline.abort(), ended }
  sends.add(send)
  try {
    return await ended
  } finally {
    sends.delete(send)
  }
}

/** A missing body is looked for again after this long, ms; longer than the storage may take. */
const LOOK_AGAIN_MS = 5_000

/** A refusal that is not the API's own is believed after this long, ms. */
const FOREIGN_MS = 3_600_000

/** After this long the browser's cookies may belong to another user. ms */
const COOKIES_MS = 3_600_000

/**
 * Tries to send one entry, and stores the outcome.
 *
 * @returns whether it is out of the way, so that those behind it may go
 * @throws if storage refuses: then the outcome is unknown, and nothing more is tried
 */
export async function deliver(found: Entry, slot: Slot, context: DeliverContext): Promise<boolean> {
  const { clock, store, credentials, waiters, age } = context
  const { id, whenUnsure } = found
  let entry = found
  age.note(id)
  /** True if another worker has handled it since this one read the message index. */
  let isTaken = false
  let isAuthTold = found.state === 'needs_auth'
  /** True if a trigger makes it try before its time: Background Sync, for one, comes with every saved message. */
  const isEarly = found.retryAt > clock.now()

  const to = async (state: State, progress: Partial<Progress> = {}) => {
    const changed = await store.change(id, (current) =>
      move(current, state, { overAt: age.overAt(entry), ...progress }),
    )
    if (changed) entry = changed
    return changed?.state === state
  }
  const emit = (status: SaveStatus['status'], code?: FailureCode) => {
    if (!context.isOwn(entry)) return
    const { conversation, attempts, retryAt, clientId } = entry
    const when = status === 'save_retry' ? { retryAt } : {}
    context.emit({ status, entryId: id, conversation, attempts, ...when, ...(code && { code }) }, clientId)
  }

  const finish = async (attempts: number) => {
    entry = { ...entry, attempts }
    const { isGone, wasThere } = store.remove(id)
    // Another worker that sent it has reported it, too.
    slot.behind(wasThere.then((isNews) => isNews && emit('save_sent')))
    try {
      await isGone
    } catch (error) {
      await store.change(id, (current) => ({ ...current, isSent: true }))
      throw error
    }
    return true
  }
  const moveToDeadLetters = async (code: FailureCode, progress: Partial<Progress> = {}) => {
    if (await to('dead', { code, ...progress })) emit('save_dead', code)
    return !isHolding(entry)
  }
  const needAuth = async () => {
    if (!(await to('needs_auth', { triedAt: clock.now() })) || isAuthTold) return
    isAuthTold = true
    emit('save_needs_auth')
  }
  const isOver = () => age.isOver(entry)
  const fail = async (code: FailureCode, progress: Partial<Progress>, retryHintMs?: number) => {
    if (isOver()) return moveToDeadLetters(code, progress)
    const failures = Math.max(1, entry.failures + (isEarly ? 0 : 1))
    const waitMs = saveBackoff(failures, retryHintMs, context.random)
    // Whatever the server asks: no message waits beyond its maximum age.
    const retryAt = Math.min(clock.now() + waitMs, age.endsAt(entry))
    if (await to('waiting', { foreignAt: undefined, ...progress, code, failures, retryAt })) {
      emit('save_retry', code)
    }
    return false
  }
  const refuse = async (
    { code, isForeign }: { code: FailureCode; isForeign: boolean },
    progress: Partial<Progress>,
    retryHintMs?: number,
  ) => {
    const foreignAt = entry.foreignAt ?? clock.now()
    const isBelieved = !isForeign || clock.now() - foreignAt >= FOREIGN_MS
    return isBelieved
      ? moveToDeadLetters(code, progress)
      : fail(code, { ...progress, foreignAt }, retryHintMs)
  }

  if (found.isSent) return finish(found.attempts)

  const isOther = ({ state, triedAt }: Entry) => state !== entry.state || triedAt !== entry.triedAt

  const [body, known, whatIsProvided] = await Promise.all([
    store.body(found),
    context.openSecrets(entry),
    credentials.provided(entry),
  ])
  let provided = whatIsProvided
  const isReady = body && known && whenUnsure !== 'hold' && (provided || !isDoubtful(entry, clock.now()))
  // An entry that is ready is looked at only once, when it is sent.
  if (!isReady) {
    const stored = await store.change(id, () => undefined)
    if (!stored) return stepAside()
    if (isOther(stored)) return true // Look again.
  }
  if (!body) {
    // When an entry is removed, the cached message goes first: this one was sent, unless the whole cache was lost.
    if (entry.state === 'sending' && !(await store.isCacheLost(entry))) return finish(entry.attempts)
    if (entry.code === 'storage_unavailable') return moveToDeadLetters(entry.code)
    // Another worker may be storing it just now; it counts as lost if it is not there the next time.
    const triedAt = clock.now()
    await to('waiting', { code: 'storage_unavailable', triedAt, retryAt: triedAt + LOOK_AGAIN_MS })
    return false
  }
  // An earlier run of this worker sent it, and did not see the outcome.
  if (whenUnsure === 'hold' && entry.state === 'sending') return moveToDeadLetters('unsure')

  if (!known && entry.hasQuery) {
    return moveToDeadLetters('storage_unavailable', { preview: 'Its query cannot be read any more' })
  }
  const isIncomplete = !known && (mayIdentify(entry) || entry.state === 'needs_auth')
  if (!provided && (isIncomplete || isDoubtful(entry, clock.now()))) {
    await needAuth()
    provided = await slot.aside(credentials.ask(entry, null))
    if (!provided)
      return isOver() && moveToDeadLetters(known ? (entry.code ?? 'network_error') : 'storage_unavailable')
  }
  const secrets = known ?? NO_SECRETS
  const triedAt = clock.now()
  const reach = () => {
    const deadline = new AbortController()
    return trackSend(context.sends, entry, deadline, isReachable(clock, context.fetch, entry.url, deadline))
  }
  if (whenUnsure === 'hold' && !(await slot.connected(reach))) {
    return context.isOwn(entry) && fail('network_error', { triedAt })
  }

  /** `undefined`: it was not sent. */
  const send = (headers: ProvidedHeaders | null): Promise<{ result: ReadSaveResponse | null } | undefined> =>
    slot.connected(async () => {
      const changed = await store.change(id, (current) => {
        isTaken = isOther(current)
        return isTaken ? undefined : move(current, 'sending', { triedAt: clock.now() })
      })
      if (isTaken || changed?.state !== 'sending') return undefined
      entry = changed
      if (!context.isOwn(entry)) return undefined
      store.readAhead(entry.conversation, ownerOf(entry))
      const deadline = new AbortController()
      const ended = trySend({
        clock,
        url: entry.url,
        size: sizeOf(body),
        keep: waiters.has(id),
        mayRefuse: entry.refused !== undefined,
        deadline,
        send: (signal) => sendRecord(context.fetch, entry, secrets, body, headers ?? {}, signal),
        get: (url, signal) => getAs(context.fetch, url, entry, secrets, headers ?? {}, signal),
      })
      return { result: await trackSend(context.sends, entry, deadline, ended) }
    })

  let sent = await send(provided)
  let decision = sent && decideSave(sent.result, entry)
  if (sent && decision?.do === 'ask') {
    const { status } = sent.result ?? {}
    if (status === 401) await needAuth()
    const fresh = await slot.aside(credentials.ask(entry, provided))
    // A 401 may have been about cookies, which only the page sees.
    if (fresh && (status === 401 || isNew(fresh, secrets, provided))) {
      sent = await send(fresh)
      decision = sent && decideSave(sent.result, entry)
    }
  }
  if (!sent || !decision) return stepAside()

  const { result } = sent
  // Stopped because another user has signed in: it stays as a worker that dies mid-send would leave it.
  if (!result && !context.isOwn(entry)) return false
  const attempts = entry.attempts + (result ? 1 : 0)
  const preview = result ? { preview: result.preview } : {}
  const waiter = waiters.get(id)
  if (result && waiter && isFinal(decision)) waiter(result.response)
  else result?.response.body?.cancel().catch(() => {}) // It has been read; the rest is not needed.
  // If it was sent without its own headers, a refusal says nothing about the message itself.
  const isRefused = decision.do === 'dead' && decision.code !== 'unsure'
  if (!known && isRefused && result && result.status >= 400 && !isOver()) {
    await needAuth()
    return false
  }
  switch (decision.do) {
    case 'sent':
      return finish(attempts)
    case 'dead':
      return refuse(decision, { attempts, ...preview }, result?.retryHintMs)
    case 'stay':
      return fail(decision.code, { attempts, ...preview }, result?.retryHintMs)
    case 'ask':
      if (result?.status !== 401) return refuse(decision, { attempts, ...preview }, result?.retryHintMs)
      if (isOver()) return moveToDeadLetters(decision.code, { attempts, ...preview })
      await needAuth()
      return false
  }

  /**
   * Handles an entry that was not sent: it is gone, or dead; or its sender is not signed in any more; or the index was
   * lost.
   */
  async function stepAside(): Promise<boolean> {
    if (isTaken) return true // Look again.
    if (entry.state === 'sending' && !context.isOwn(entry)) {
      await to('queued')
      return false
    }
    if (entry.state !== 'dead' && (await store.body(entry))) {
      await store.load()
      return false
    }
    return !isHolding(entry)
  }
}

function isFinal(decision: SaveDecision): boolean {
  return decision.do === 'sent' || (decision.do === 'dead' && !decision.isForeign)
}

/** True if the lost headers may have identified the sender. 0.1 noted only whether nothing but cookies does. */
function mayIdentify({ hasIdentity, needsCookies }: Entry): boolean {
  return hasIdentity ?? !needsCookies
}

/** True if no user was named, only cookies identify the sender, and that was long ago. */
function isDoubtful({ principal, needsCookies, createdAt, vouchedAt }: Entry, now: number): boolean {
  return principal === null && needsCookies && now - Math.max(createdAt, vouchedAt) > COOKIES_MS
}

function isNew(fresh: ProvidedHeaders, secrets: Secrets, provided: ProvidedHeaders | null): boolean {
  const sent = new Headers([...secrets.headers, ...Object.entries(provided ?? {})])
  return Object.entries(fresh).some(([name, value]) => sent.get(name) !== value)
}
