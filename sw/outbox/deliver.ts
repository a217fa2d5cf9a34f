import type { Clock, Random } from '../../core/clock.ts'
import type { FailureCode } from '../../core/protocol/failure.ts'
import type { SaveStatus, Untold } from '../../core/protocol/status.ts'
import type { AuthQuestion } from '../ask-auth.ts'
import { decideSave, saveBackoff } from './decide-save.ts'
import type { Entry, Progress } from './entry.ts'
import { type Secrets, unseal } from './seal.ts'
import { type ReadAnswer, sendRecord, trySend } from './send-save.ts'
import type { Store } from './store.ts'

export interface DeliverContext {
  clock: Clock
  random: Random
  fetch: (url: string, init: RequestInit) => Promise<Response>
  store: Store
  report: (status: Untold<SaveStatus>, clientId: string) => void
  askAuth: (question: AuthQuestion) => Promise<Record<string, string> | null>
  maxAgeMs: number
  /** Who waits for the real answer of which entry. */
  waiters: Map<string, (response: Response) => void>
}

/** When a body that was not there is looked for again, ms; longer than the storage may take. */
const LOOK_AGAIN_MS = 5_000

/**
 * Tries to send one entry, and keeps what came of it.
 *
 * @returns whether it is out of the way, so that those behind it may go
 * @throws when the storage refuses: then nothing is known, and nothing more is tried
 */
export async function deliver(id: string, context: DeliverContext): Promise<boolean> {
  const { clock, store, waiters } = context
  const found = await store.get(id)
  if (!found || found.state === 'dead') return true // Discarded, or sent, by somebody else.
  let entry: Entry = found
  let isAuthTold = entry.state === 'needs_auth'

  const change = async (progress: Partial<Progress>) => {
    entry = { ...entry, ...progress }
    return store.update(entry)
  }
  const tell = (status: SaveStatus['status'], code?: FailureCode) => {
    const { conversation, attempts, retryAt, clientId } = entry
    const when = status === 'save_retry' ? { retryAt } : {}
    context.report({ status, entryId: id, conversation, attempts, ...when, ...(code && { code }) }, clientId)
  }

  const finish = async (attempts: number) => {
    entry = { ...entry, attempts }
    await store.remove(id)
    tell('save_sent')
    return true
  }
  const bury = async (code: FailureCode, preview = '', attempts = entry.attempts) => {
    if (await change({ state: 'dead', code, preview, attempts })) tell('save_dead', code)
    return entry.afterDead !== 'hold'
  }
  const needAuth = async () => {
    await change({ state: 'needs_auth' })
    if (!isAuthTold) tell('save_needs_auth')
    isAuthTold = true
  }
  const isOver = () => clock.now() - entry.createdAt > context.maxAgeMs
  const askPage = () => {
    const { url, conversation } = entry
    return context.askAuth({ origin: new URL(url).origin, url, entryId: id, conversation })
  }

  const body = await store.body(id)
  if (!body) {
    // The message goes first when an entry is removed: this one was sent.
    if (entry.state === 'sending') return finish(entry.attempts)
    if (entry.code === 'storage_unavailable') return bury(entry.code)
    // Another worker may be storing it just now; lost is what is not there the next time.
    const triedAt = clock.now()
    await change({ code: 'storage_unavailable', triedAt, retryAt: triedAt + LOOK_AGAIN_MS })
    return false
  }

  let given: Record<string, string> | null = null
  let secrets = await openSecrets(entry, store)
  if (!secrets) {
    if (entry.hasQuery) return bury('storage_unavailable', 'Its query cannot be read any more')
    await change({ triedAt: clock.now() })
    await needAuth()
    given = await askPage()
    if (!given) return isOver() && bury('storage_unavailable')
    secrets = { search: '', headers: [] }
  }
  const send = async (sealed: Secrets): Promise<ReadAnswer | null> => {
    await change({ state: 'sending', triedAt: clock.now() })
    return trySend(clock, entry.url, body.size, waiters.has(id), (signal) =>
      sendRecord(context.fetch, entry, sealed, body, given ?? {}, signal),
    )
  }

  let answer = await send(secrets)
  let decision = decideSave(answer, entry)
  if (decision.do === 'ask') {
    if (answer?.status === 401) await needAuth()
    given = await askPage()
    if (given) {
      answer = await send(secrets)
      decision = decideSave(answer, entry)
    }
  }

  const attempts = entry.attempts + (answer ? 1 : 0)
  if (answer && (decision.do === 'sent' || decision.do === 'dead')) waiters.get(id)?.(answer.response)
  if (decision.do === 'sent') return finish(attempts)
  const { code } = decision
  if (isOver() || decision.do === 'dead' || (decision.do === 'ask' && answer?.status !== 401)) {
    return bury(code, answer?.preview, attempts)
  }
  if (decision.do === 'ask') {
    await needAuth()
    return false
  }
  const failures = entry.failures + 1
  const retryAt = clock.now() + saveBackoff(failures, answer?.hintMs, context.random)
  if (await change({ state: 'queued', failures, attempts, retryAt, code })) tell('save_retry', code)
  return false
}

/** `undefined` when they cannot be read any more: the key was lost with the database. */
async function openSecrets({ sealed }: Entry, store: Store): Promise<Secrets | undefined> {
  if (!sealed) return { search: '', headers: [] }
  const key = await store.sealKey()
  return unseal(key, sealed).catch(() => undefined)
}
