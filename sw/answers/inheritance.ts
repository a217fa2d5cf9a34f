import { createInspection } from '../../core/providers/inspection/inspection.ts'
import { type Clock, waitAtMost } from '../../core/clock.ts'
import { failureOf } from '../../core/protocol/failure.ts'
import type { RequestStatus, Untold } from '../../core/protocol/status.ts'
import { createAnswerLog } from './answer-log.ts'
import type { Principal } from '../principal.ts'
import type { Asked, Journal, JournalEntry, Recorded } from './journal.ts'
import type { Kept } from './kept.ts'

export interface InheritanceContext {
  clock: Clock
  journal: Journal
  principal: Pick<Principal, 'current' | 'known'>
  /** So long an answer that has ended can be read again, ms. */
  keepMs: number
  report: (status: Untold<RequestStatus>, clientId: string) => void
}

/** What is to be known of a request to find what is left of it; without an id its digest must do. */
export type Claim = Pick<Asked, 'clientId' | 'digest'> & { requestId?: string | undefined }

/** What the workers before this one have left. */
export interface Inheritance {
  /** Resolves when it is known, or storage took too long; never rejects. */
  taken: () => Promise<void>
  claim: (claim: Claim) => Recorded | undefined
}

/** No chat waits longer for storage, ms. */
const LOAD_MS = 100

/** A browser that delivers a request again does so at once; after this nobody will. ms. */
const CLAIM_MS = 5_000

/**
 * Takes over, at the first question, what the journal has of workers that died:
 *
 *     asked, not answered ─▶ claimed by its request, which the browser delivers again; or lost
 *     answered, not ended ─▶ whole after all, or cut: its bytes, its protocol's own error event, then an error
 *     ended               ─▶ to be read again
 */
export function createInheritance(
  { clock, journal, keepMs, principal, report }: InheritanceContext,
  all: Map<string, Kept>,
): Inheritance {
  let unanswered: Recorded[] = []
  let taking: Promise<void> | undefined
  let isTaken = false

  const lose = ({ requestId, attempts, clientId, principal: whose }: Recorded) => {
    const { code, message } = failureOf('worker_lost')
    if (whose !== principal.current()) return
    report({ status: 'request_failed', requestId, attempts, waitedMs: 0, code, message }, clientId)
  }

  const fill = async (kept: Kept) => {
    const { record, entry, log } = kept
    const { head, url, requestId } = record
    const { pathname: path } = new URL(url)
    const inspection = createInspection(new Headers(head?.headers), { path })
    for (const batch of await journal.read(requestId).catch(() => [])) {
      log.append(batch)
      inspection.feed(batch)
    }
    record.bytes = log.size()
    // Nobody knows whether the connection was closed: only what says that it is whole is.
    const isWhole = inspection.conclude(false) === 'complete' || inspection.isOneValue()
    if (record.endedAt !== undefined) {
      // A refusal was said in so many words; every other failure broke off.
      const isBroken = record.verdict !== 'complete' && !isWhole && (head?.status ?? 0) < 400
      return log.end(isBroken ? new TypeError('The answer broke off') : undefined)
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
      }
      log.end(new TypeError(failure.message))
      lose(record)
    }
    entry.touch()
  }

  const inherit = (record: Recorded, entry: JournalEntry): Kept => {
    let filling: Promise<void> | undefined
    const kept: Kept = {
      record,
      entry,
      log: createAnswerLog(),
      readers: [],
      ready: () => (filling ??= fill(kept)),
      cancel: () => {},
    }
    return kept
  }

  const take = async () => {
    // Asked for at once: what this worker itself writes must come later.
    const [left] = await Promise.all([journal.load(), principal.known()])
    const cut: Kept[] = []
    for (const record of left) {
      const { requestId, endedAt } = record
      // What has been asked for meanwhile, perhaps by the same name, is this worker's own.
      if (all.has(requestId)) continue
      const entry = journal.open(record)
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
    await Promise.all(cut.map((kept) => kept.ready()))
  }

  const giveUp = () => {
    for (const record of unanswered) {
      journal.open(record).remove()
      lose(record)
    }
    unanswered = []
  }

  return {
    taken: async () => {
      if (isTaken) return
      taking ??= take()
        .catch(() => {}) // Not readable: as on the first day.
        .then(() => {
          isTaken = true
        })
      await waitAtMost(clock, LOAD_MS, taking)
    },
    claim: ({ requestId, clientId, digest }) => {
      const found = unanswered.find(
        (record) =>
          record.clientId === clientId &&
          record.digest === digest &&
          (requestId === undefined || record.requestId === requestId),
      )
      unanswered = unanswered.filter((record) => record !== found)
      return found
    },
  }
}
