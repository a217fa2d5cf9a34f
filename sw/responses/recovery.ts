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
  /** How long a response that has ended can be read again, ms. */
  keepMs: number
  /** `isPrivate`: only the page that sent the request gets it. */
  emit: (status: NewStatus<RequestStatus>, clientId: string, isPrivate?: boolean) => void
  /** Called when a request that an earlier worker sent has failed with it. */
  lost?: (record: Recorded) => void
  /** Called when the records of earlier workers cannot be read. */
  unreadable: (error: unknown) => void
}

/**
 * The facts by which a request's record is found; without an id by its digest, which may come while the storage is
 * read.
 */
export interface Claim {
  clientId: string
  digest: Promise<string>
  requestId?: string | undefined
}

/** The records that earlier workers have left. */
export interface Recovery {
  /**
   * Resolves when they are known; rejects if the storage refuses, or has not responded in time: the next call tries
   * again.
   */
  recovered: () => Promise<void>
  /**
   * Finds a record, now or (`late`) once they are known; never holds up a request for longer than a moment. Rejects
   * only if the digest does.
   */
  claim: (claim: Claim) => Promise<{ found?: Recorded | undefined; late?: Promise<Recorded | undefined> }>
}

/** The longest that a chat waits for storage, ms. */
const LOAD_MS = 100

/** A browser that delivers a request again does so immediately; after this none will. ms */
const CLAIM_MS = 5_000

/**
 * Takes over, on the first call, the journal's records of workers that died:
 *
 *     sent, no response    ─▶ claimed by its request, which the browser delivers again; or lost
 *     responded, no end   ─▶ complete after all; resumed, if its server can send it again; or cut: its bytes, its
 *                            protocol's own error event, then an error
 *     ended               ─▶ to be read again, here or at its server
 *
 * @param readOn resumes a response at its server; absent: that is never done
 */
export function createRecovery(
  { clock, journal, keepMs, principal, emit, lost, unreadable }: RecoveryContext,
  all: Map<string, KeptResponse>,
  readOn?: (kept: KeptResponse, open: OpenResponse) => void,
): Recovery {
  let unanswered: Recorded[] = []
  /** Those without a response whose id a new request has taken before they were known. */
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

  /** A response is not resumed for another user. */
  const isOwn = async ({ principal: whose }: Recorded) => {
    await principal.known().catch(() => {})
    return whose !== undefined && whose === principal.current()
  }

  /**
   * Reads a response from the disk; resolves with whether all of it was there. What is missing never looks like an end:
   * it is read again for the next reader.
   */
  const fill = async (kept: KeptResponse): Promise<boolean> => {
    const { record, entry } = kept
    const { head, url, requestId } = record
    const log = openLog(clock)
    if (head) log.begin(head)
    const { pathname: path } = new URL(url)
    const { response, splice } = spliceOf(record)
    const inspection = createInspection(response.headers, { path, ...record.judgedBy })
    for (const batch of await journal.read(requestId).catch(() => [])) {
      log.append(batch)
      inspection.feed(batch)
      splice?.take(batch)
    }
    kept.log = log
    if (
      // Bytes that are missing here would be missing forever.
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
    // It is unknown whether the connection was closed: only a response that says that it is complete is.
    const isWhole = inspection.conclude(false) === 'complete' || inspection.isOneValue()
    if (record.endedAt !== undefined) {
      // A refusal is complete as it is; every other failure broke off.
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
    // Loaded immediately: what this worker itself writes must come later.
    const left = await journal.load()
    const cut: KeptResponse[] = []
    for (const record of left) {
      const { requestId, endedAt } = record
      // What has been requested meanwhile, perhaps with the same id, is this worker's own.
      const own = all.get(requestId)
      if (own) {
        if (!record.head && record.at !== own.record.at) superseded.push(record)
        continue
      }
      const entry = journal.open(record, true)
      // A response that ended in the future ended now: the wall clock was set back.
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
      taking.catch(() => {}) // Already reported.
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
