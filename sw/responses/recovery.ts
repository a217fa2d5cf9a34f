import type { OpenResponse } from '../../core/chat/attempt.ts'
import { createInspection } from '../../core/providers/inspection/inspection.ts'
import { type Clock, waitAtMost } from '../../core/clock.ts'
import { failureOf } from '../../core/messages/failure.ts'
import type { RequestStatus, NewStatus } from '../../core/messages/status.ts'
import type { Principal } from '../page/principal.ts'
import type { Journal, JournalEntry, Recorded } from './journal.ts'
import { type KeptResponse, openLog, spliceOf } from './kept-response.ts'

export interface RecoveryContext {
  clock: Clock
  journal: Journal
  principal: Pick<Principal, 'current' | 'known'>
  /** So long a response that has ended can be read again, ms. */
  keepMs: number
  /** `isPrivate`: only the page that sent the request is told. */
  emit: (status: NewStatus<RequestStatus>, clientId: string, isPrivate?: boolean) => void
  /** A request that a worker before this one sent has failed with it. */
  lost?: (record: Recorded) => void
  /** What the workers before this one have left cannot be read. */
  unreadable: (error: unknown) => void
}

/**
 * A request, as far as its record is found by it; without an id by its digest, which may come while the storage is read.
 */
export interface Claim {
  clientId: string
  digest: Promise<string>
  requestId?: string | undefined
}

/** What the workers before this one have left. */
export interface Recovery {
  /** Resolves when it is known; rejects when the storage refuses, or has not answered in time: the next call asks again. */
  recovered: () => Promise<void>
  /**
   * The record that there is, now or when it is known at last; it never holds up a request for longer than a moment.
   * Rejects only with its digest.
   */
  claim: (claim: Claim) => Promise<{ found?: Recorded | undefined; late?: Promise<Recorded | undefined> }>
}

/** No chat waits longer for storage, ms. */
const LOAD_MS = 100

/** A browser that delivers a request again does so at once; after this nobody will. ms. */
const CLAIM_MS = 5_000

/**
 * Takes over, at the first question, what the journal has of workers that died:
 *
 *     asked, not answered ─▶ claimed by its request, which the browser delivers again; or lost
 *     answered, not ended ─▶ whole after all; read on, where its server gives it again; or cut: its bytes, its
 *                            protocol's own error event, then an error
 *     ended               ─▶ to be read again, here or at its server
 *
 * @param readOn reads a response on at its server; absent: that is never done
 */
export function createRecovery(
  { clock, journal, keepMs, principal, emit, lost, unreadable }: RecoveryContext,
  all: Map<string, KeptResponse>,
  readOn?: (kept: KeptResponse, open: OpenResponse) => void,
): Recovery {
  let unanswered: Recorded[] = []
  /** Unanswered ones whose name a request has taken that came while they were not known yet. */
  let superseded: Recorded[] = []
  let taking: Promise<void> | undefined
  let isTaken = false

  const reportLost = async (record: Recorded) => {
    const { requestId, attempts, clientId, principal: whose } = record
    const { code, message } = failureOf('worker_lost')
    await principal.known().catch(() => {})
    if (whose === undefined || whose !== principal.current()) return
    emit({ status: 'request_failed', requestId, attempts, waitedMs: 0, code, message }, clientId)
    lost?.(record)
  }

  /** Nobody reads on for another person. */
  const isOwn = async ({ principal: whose }: Recorded) => {
    await principal.known().catch(() => {})
    return whose !== undefined && whose === principal.current()
  }

  /**
   * Reads a response from the disk; resolves with whether all of it was there. What was not is never given as an end: it
   * is read again for the next who asks.
   */
  const fill = async (kept: KeptResponse): Promise<boolean> => {
    const { record, entry } = kept
    const { head, url, requestId } = record
    const log = openLog(clock)
    if (head) log.begin(head)
    const { pathname: path } = new URL(url)
    const { response, splice } = spliceOf(record)
    const inspection = createInspection(response.headers, { path })
    for (const batch of await journal.read(requestId).catch(() => [])) {
      log.append(batch)
      inspection.feed(batch)
      splice?.take(batch)
    }
    kept.log = log
    if (
      // Bytes that are missing here would be missing for ever.
      (record.keep === 'server' || (record.endedAt === undefined && log.size() >= record.bytes)) &&
      readOn &&
      splice?.isKnown() &&
      !inspection.hasEnded() &&
      (await isOwn(record))
    ) {
      kept.continued = { from: log.size(), isExact: splice.isExact }
      readOn(kept, {
        response,
        held: [],
        rest: null,
        inspection,
        splice,
        brokenBy: 'worker_lost',
        abort: () => {},
      })
      return true
    }
    if (log.size() < record.bytes) {
      if (record.endedAt === undefined) {
        record.endedAt = clock.now()
        kept.keepUntil = clock.monotonic() + keepMs
        record.verdict = 'worker_lost'
        void reportLost(record)
      }
      log.end(new TypeError('The response broke off'))
      return false
    }
    record.bytes = log.size()
    // Nobody knows whether the connection was closed: only what says that it is whole is.
    const isWhole = inspection.conclude(false) === 'complete' || inspection.isOneValue()
    if (record.endedAt !== undefined) {
      // A refusal was said in so many words; every other failure broke off.
      const isBroken = record.verdict !== 'complete' && !isWhole && (head?.status ?? 0) < 400
      log.end(isBroken ? new TypeError('The response broke off') : undefined)
      return true
    }
    record.endedAt = clock.now()
    kept.keepUntil = clock.monotonic() + keepMs
    if (isWhole) {
      record.verdict = 'complete'
      log.end()
    } else {
      const failure = failureOf('worker_lost')
      const notice = inspection.errorEvent(failure)
      record.verdict = failure.code
      if (notice) {
        log.append(notice)
        entry.append(notice)
        record.bytes = log.size()
      }
      log.end(new TypeError(failure.message))
      void reportLost(record)
    }
    entry.touch()
    return true
  }

  const inherit = (record: Recorded, entry: JournalEntry): KeptResponse => {
    let filling: Promise<void> | undefined
    const kept: KeptResponse = {
      record,
      entry,
      log: openLog(clock),
      readers: [],
      ready: () =>
        (filling ??= fill(kept).then((isWhole) => {
          if (!isWhole) filling = undefined
        })),
      stop: new AbortController(),
      arrival: 0,
    }
    return kept
  }

  const take = async () => {
    // Asked for at once: what this worker itself writes must come later.
    const left = await journal.load()
    const cut: KeptResponse[] = []
    for (const record of left) {
      const { requestId, endedAt } = record
      // What has been asked for meanwhile, perhaps by the same name, is this worker's own.
      const own = all.get(requestId)
      if (own) {
        if (!record.head && record.at !== own.record.at) superseded.push(record)
        continue
      }
      const entry = journal.open(record, true)
      // What ended in the future ended now: the wall clock was set back.
      const keptMs = keepMs - Math.max(0, clock.now() - (endedAt ?? clock.now()))
      if (keptMs <= 0) entry.remove()
      else if (!record.head) unanswered.push(record)
      else {
        const kept = inherit(record, entry)
        if (endedAt !== undefined) kept.keepUntil = clock.monotonic() + keptMs
        all.set(requestId, kept)
        if (endedAt === undefined) cut.push(kept)
      }
    }
    if (unanswered.length > 0) clock.timer(CLAIM_MS, giveUp)
    isTaken = true
    await Promise.all(cut.map((kept) => kept.ready()))
  }

  const giveUp = () => {
    for (const record of unanswered) {
      journal.open(record, true).remove()
      void reportLost(record)
    }
    unanswered = []
  }

  const recovered = (): Promise<void> => {
    if (isTaken) return taking ?? Promise.resolve()
    taking ??= take().catch((error: unknown) => {
      taking = undefined
      unreadable(error)
      throw error
    })
    return taking
  }

  const find = ({ requestId, clientId }: Claim, digest: string): Recorded | undefined => {
    const isIt = (record: Recorded) =>
      record.clientId === clientId &&
      record.digest === digest &&
      (requestId === undefined || record.requestId === requestId)
    const found = unanswered.find(isIt) ?? superseded.find(isIt)
    unanswered = unanswered.filter((record) => record !== found)
    superseded = superseded.filter((record) => record !== found)
    return found
  }

  return {
    recovered,
    claim: async (claim) => {
      const taking = recovered()
      taking.catch(() => {}) // Told.
      await waitAtMost(clock, LOAD_MS, taking).catch(() => {})
      const digest = await claim.digest
      if (isTaken) return { found: find(claim, digest) }
      return {
        late: taking.then(
          () => find(claim, digest),
          () => undefined,
        ),
      }
    },
  }
}
