import type { ResponseWriter } from '../../core/chat/response-log.ts'
import type { RunningRequest } from '../../core/chat/run-request.ts'
import type { OpenResponse } from '../../core/chat/attempt.ts'
import { type Ask, createReadOn } from '../../core/chat/read-on.ts'
import { relay } from '../../core/chat/relay.ts'
import { NO_READER } from '../../core/chat/chat-request.ts'
import { pause, type Random, waitAtMost } from '../../core/clock.ts'
import { readFirstWords } from '../../core/providers/inspection/first-words.ts'
import { type Clearing, isAfter, type StreamInfo } from '../../core/messages/message.ts'
import type { Network } from '../../core/network.ts'
import type { RetryPolicy } from '../../core/retry/policy.ts'
import type { RequestStatus, NewStatus } from '../../core/messages/status.ts'
import { createRecovery, type Recovery, type RecoveryContext } from './recovery.ts'
import type { Asked, Recorded, RecordedReadingOn } from './journal.ts'
import { type PrincipalId, principalOf } from '../page/principal.ts'
import { type KeptResponse, openLog, sizeOf, spliceOf, toInfo } from './kept-response.ts'

/** The responses of all chats: read on behalf of the pages, so that a page that goes does not end one. */
export interface Responses {
  /** Numbers a request that has come. Call it in the turn of its event: a `clear` deletes what came before it. */
  arrive: () => number
  /**
   * A request is about to be sent; `principal`: its user, if that is known; `stop` ends it.
   *
   * @param arrival what `arrive` has returned for it; default: it comes now
   * @param attempts those of earlier workers, and the one that comes; default 1
   */
  begin: (
    asked: Asked & Pick<Recorded, 'principal'>,
    stop: AbortController,
    arrival?: number,
    attempts?: number,
  ) => Begun
  /** The record of a request that an earlier worker sent, but died before it had responded. */
  claim: Recovery['claim']
  /** True if a request with that id is known, under way or ended. */
  has: (requestId: string) => boolean
  /** Takes note of every status of a request. */
  note: (status: NewStatus<RequestStatus>) => void
  /** A response from that byte on, then live, even before it has begun; `undefined` if there is none. */
  attach: (requestId: string, from: number, clientId: string) => Promise<Response | undefined>
  /**
   * The response that a reloaded page wants to continue: see `resume.route`. `'cut'`: also what is kept of a cut
   * response, for want of anything better.
   */
  resume: (resumeId: string, clientId: string, also?: 'cut') => Promise<Response | undefined>
  /** True if a page other than this one reads it. */
  isReadByOthers: (requestId: string, clientId: string) => boolean
  /** Stops a response that has been resumed since an earlier worker died. True if a response with that id is known. */
  cancel: (requestId: string) => boolean
  /** Stops the response under way that the app calls so; true if there was one. */
  stop: (resumeId: string, clientId: string) => boolean
  list: () => Promise<StreamInfo[]>
  /** Stops and deletes everything of the user who is signed in, or named, that came before; rejects if it could not. */
  clear: (clearing?: Clearing) => Promise<void>
  /** A page reports that it is about to leave: giving up a Response now is not a Stop. */
  leaving: (clientId: string) => void
  /** The page is still there: it has shown what it has read since it said that. */
  staying: (clientId: string) => void
}

export interface Begun {
  /** Resolves when its record is sure to come to disk, or that takes too long. */
  recorded: Promise<void>
  /** Where its response is written: for every page that reads it, and for the journal. */
  writer: ResponseWriter
  /** Responds to the page that sent it. */
  respond: (runningRequest: RunningRequest) => Promise<Response>
  /** Notes that a later worker can resume its response, with these facts. */
  canReadOn: (readingOn: RecordedReadingOn) => void
  /** Sends a status to its page, unless another user is signed in. */
  emit: (status: NewStatus<RequestStatus>) => void
  /**
   * The first words of the response, at most this many characters; empty if its protocol is not known, or if no word of
   * it may be stored. Never rejects.
   */
  firstWords: (limit: number) => Promise<string>
  /** Notes whose it is, once that is known. */
  belongsTo: (principal: PrincipalId) => void
  /** Notes that an earlier worker has sent it, too; that is known late. */
  wasLost: (lost: Recorded) => void
}

export interface ResponsesContext extends RecoveryContext {
  /** Resumes what an earlier worker was reading; absent: that is cut. */
  readOn?: {
    random: Random
    retry: RetryPolicy
    network: Network
    /** Asks the server of a request, with the current credentials. */
    ask: (record: Recorded) => Ask
    /** Counts as work until it settles. */
    track: (task: Promise<unknown>) => void
    /** Called when it has ended by itself. */
    ended: (record: Recorded, isFailed: boolean) => void
  }
  /** How long a response continues without any page, ms. */
  graceMs: number
  /** `'detach'`: giving up a Response only detaches from it. */
  onAbort: 'stop' | 'detach'
  isOpen: (clientId: string) => Promise<boolean>
  /** The ids of the pages of this scope. */
  pages: () => Promise<string[]>
  /** True if it is a page's Worker, whose end says nothing about the page's. */
  isWorker: (clientId: string) => Promise<boolean>
}

/** A page that reloads gives its Response up before, or shortly after, the worker can know why. ms */
const UNSURE_MS = 1_000

/** While nobody reads a response, the worker checks this often whether there is a page at all, ms. */
const LOOK_MS = 5_000

/** The longest that a chat waits for storage, ms. */
const RECORD_MS = 100

/** An announcement of leaving holds for this long; the page may stay after all. ms */
const LEAVING_MS = 5_000

/** The most that is kept of responses that have ended; the oldest goes first. Bytes. */
const ENDED_KEPT = 32 * 1024 * 1024

/**
 * Decides what becomes of a response when a page gives its Response up. A worker does not learn why, so:
 *
 *     given up ─┬─ another reader is there ─────────────────────────────▶ goes on
 *               ├─ the page said that it leaves, or is gone ────────────▶ goes on (detached)
 *               └─ 1 s later: no reader came, the page is still there ──▶ Stop: the upstream is closed
 */
export function createResponses(context: ResponsesContext): Responses {
  const { clock, journal, principal } = context
  /** While it is not known whose a response is, it belongs only to the page that asked for it. */
  const isOwn = ({ record }: KeptResponse, clientId?: string) =>
    record.principal === undefined ? record.clientId === clientId : record.principal === principal.current()
  const emit = (kept: KeptResponse, status: NewStatus<RequestStatus>) => {
    const { clientId, principal: whose } = kept.record
    if (isOwn(kept, clientId)) context.emit(status, clientId, whose === undefined)
  }
  const hasPages = async () => (await context.pages()).length > 0
  /** Reports whether it is read, until its end is reported: that is the last status. */
  const emitReading = (kept: KeptResponse, status: 'stream_attached' | 'stream_detached', from: number) => {
    const { requestId, verdict } = kept.record
    if (verdict === undefined) emit(kept, { status, requestId, from })
  }
  const all = new Map<string, KeptResponse>()
  let arrivals = 0
  /** By user: up to which arrival requests are cleared. */
  const cleared = new Map<PrincipalId | undefined, number>()
  const leaving = new Map<string, number>()
  /** Responses that pages have read to the end while they were about to leave. */
  const unshown = new Map<string, Set<KeptResponse>>()
  const recovery = createRecovery(context, all, context.readOn && readOn)

  const isLeaving = (clientId: string) =>
    (leaving.get(clientId) ?? -Infinity) > clock.monotonic() - LEAVING_MS

  const remove = (kept: KeptResponse) => {
    const { record, entry } = kept
    if (all.get(record.requestId) === kept) all.delete(record.requestId)
    entry.remove()
  }

  const arrive = () => ++arrivals

  const clearOne = (kept: KeptResponse) => {
    if (kept.record.endedAt === undefined) kept.stop.abort()
    remove(kept)
  }

  /** Clears a request that came before a `clear`, but begins, or is known to be that user's, only now. */
  const clearLate = (kept: KeptResponse) => {
    if (kept.arrival <= (cleared.get(kept.record.principal) ?? -1)) clearOne(kept)
  }

  /** Drops what is too old, and (oldest first) what is too much. */
  const forget = () => {
    const ended = Array.from(all.values()).filter(({ record }) => record.endedAt !== undefined)
    let bytes = ended.reduce((sum, kept) => sum + sizeOf(kept), 0)
    const now = clock.monotonic()
    for (const kept of ended) {
      if (bytes <= ENDED_KEPT && (kept.keepUntil ?? 0) > now) continue
      remove(kept)
      bytes -= sizeOf(kept)
    }
    for (const clientId of leaving.keys()) if (!isLeaving(clientId)) leaving.delete(clientId)
  }

  /** Nobody reads it, and nobody stopped it: it continues as long as there is a page, or for the grace period. */
  const goOn = async (kept: KeptResponse) => {
    const { record, log, stop } = kept
    emitReading(kept, 'stream_detached', log.size())
    const graceMs = Math.max(context.graceMs, UNSURE_MS)
    // Counted in steps: time that the machine sleeps does not count.
    let aloneMs = (await hasPages()) ? undefined : 0
    while (record.endedAt === undefined) {
      const stepMs = Math.min(LOOK_MS, graceMs - (aloneMs ?? 0))
      await pause(clock, stepMs)
      if (log.readers() > 0) return
      if (await hasPages()) aloneMs = undefined
      else aloneMs = aloneMs === undefined ? 0 : aloneMs + stepMs
      if (aloneMs !== undefined && aloneMs >= graceMs) return stop.abort(NO_READER)
    }
  }

  /**
   * True if a page is gone, or the page of a Worker that is: a Worker that was terminated alone has stopped its
   * responses.
   */
  const isGone = async ({ pagesBefore }: KeptResponse, clientId: string) => {
    if (await context.isOpen(clientId)) return false
    const before = await pagesBefore
    if (!before) return true
    const now = new Set(await context.pages())
    return before.some((page) => isLeaving(page) || !now.has(page))
  }

  /** Notes that it has been shown to its end. */
  const delivered = (kept: KeptResponse) => {
    kept.record.deliveredWhole = true
    kept.entry.touch()
  }

  const staying = (clientId: string) => {
    leaving.delete(clientId)
    for (const kept of unshown.get(clientId) ?? []) delivered(kept)
    unshown.delete(clientId)
  }

  /** A page that is about to leave does not show what it still reads, unless it stays. */
  const readWhileLeaving = (kept: KeptResponse, clientId: string) => {
    const those = unshown.get(clientId) ?? new Set()
    unshown.set(clientId, those.add(kept))
    clock.timer(LEAVING_MS, async () => {
      if (await context.isOpen(clientId)) staying(clientId)
      else unshown.delete(clientId)
    })
  }

  const givenUp = async (kept: KeptResponse, clientId: string) => {
    const { record, log } = kept
    const goesOn = async () => log.readers() > 0 || isLeaving(clientId) || (await isGone(kept, clientId))
    if (record.endedAt !== undefined) return
    if (!(await goesOn())) {
      await pause(clock, UNSURE_MS)
      if (record.endedAt !== undefined) return
      if (!(await goesOn()) && context.onAbort === 'stop') return kept.stop.abort()
    }
    if (log.readers() > 0) return
    // Nobody could ever read it again: it is not kept, or its EventSource comes back with a request of its own. Its
    // server may continue it.
    if (!record.keep || record.isEventSource) return kept.stop.abort(NO_READER)
    await goOn(kept)
  }

  const open = (kept: KeptResponse, from: number, clientId: string) => {
    const { readers, log } = kept
    const leave = () => void readers.splice(readers.indexOf(clientId), 1)
    const response = log.open(from, {
      delivered: () => {
        leave()
        if (isLeaving(clientId)) readWhileLeaving(kept, clientId)
        else delivered(kept)
      },
      givenUp: () => {
        leave()
        void givenUp(kept, clientId)
      },
    })
    if (response?.body) readers.push(clientId)
    return response
  }

  /** Writes for the pages first, then for the disk. */
  const createWriter = ({ record, entry, log }: KeptResponse): ResponseWriter => {
    const isOnDisk = record.keep === 'disk'
    return {
      ...log,
      begin: (head) => {
        record.head = head
        if (isOnDisk || (record.keep === 'server' && spliceOf(record).splice?.isKnown())) entry.touch()
        else entry.remove()
        log.begin(head)
      },
      append: (bytes) => {
        log.append(bytes)
        if (isOnDisk) entry.append(bytes)
      },
    }
  }

  /** The request is over: its response is kept for a while. */
  const ended = (kept: KeptResponse) => {
    const { record, entry } = kept
    record.endedAt = clock.now()
    record.bytes = kept.log.size()
    kept.keepUntil = clock.monotonic() + context.keepMs
    if (!record.keep) remove(kept)
    entry.touch()
    void journal.flush()
    forget()
  }

  const respond = async (kept: KeptResponse, runningRequest: RunningRequest): Promise<Response> => {
    const { clientId } = kept.record
    const since = clock.monotonic()
    void runningRequest.finished.then(() => ended(kept))
    const replied = await runningRequest.replied
    if (replied.kind !== 'response') remove(kept)
    if (replied.kind === 'as_it_came') return replied.response
    const response = open(kept, 0, clientId) ?? Response.error()
    // A page that left before there was a Response cannot give it up any more.
    if (clock.monotonic() - since > UNSURE_MS && !(await context.isOpen(clientId))) {
      void response.body?.cancel()
    }
    return response
  }

  /**
   * Waits for the records of earlier workers, and for who is signed in; if the storage refuses, what this worker knows
   * is enough.
   */
  const ready = async () => {
    await Promise.allSettled([recovery.recovered(), principal.known()])
  }

  const attach: Responses['attach'] = async (requestId, from, clientId) => {
    // A response that this worker reads itself needs no storage.
    if (!all.has(requestId) || principal.current() === undefined) await ready()
    const kept = all.get(requestId)
    if (!kept || !isOwn(kept, clientId)) return undefined
    /** Its own page, which has no Response yet, is still there, and will read it. */
    const isAwaited = !kept.record.head && (await context.isOpen(kept.record.clientId))
    await kept.ready()
    // Its reader now gets its statuses as those of its own request.
    if (kept.log.readers() === 0 && !isAwaited) kept.record.clientId = clientId
    kept.entry.touch()
    const { continued } = kept
    // A position in the bytes that were lost means something only if the same bytes come again.
    if (continued && from > continued.from && !continued.isExact) return undefined
    const response = open(kept, from, clientId)
    if (response) emitReading(kept, 'stream_attached', from)
    return response
  }

  /** The last response that the app calls so. */
  const named = (resumeId: string, clientId: string) => {
    let last: KeptResponse | undefined
    for (const kept of all.values()) {
      if (kept.record.resumeId === resumeId && isOwn(kept, clientId)) last = kept
    }
    return last
  }

  const note: Responses['note'] = (status) => {
    const kept = all.get(status.requestId)
    if (!kept) return
    const { record, entry } = kept
    if (status.status === 'request_finished') record.verdict = status.verdict
    if (status.status === 'request_failed') record.verdict = status.code
    if (status.status === 'request_cancelled') record.verdict = 'cancelled'
    if ('attempt' in status && status.status !== 'stream_resuming') record.attempts = status.attempt
    entry.touch()
  }

  /** Resumes a response that an earlier worker was reading, from its server. */
  function readOn(kept: KeptResponse, open: OpenResponse) {
    const { record, log, stop } = kept
    const { requestId, attempts, readingOn } = record
    if (!context.readOn || !readingOn || !open.splice) return
    const { ask, track, ended: endedByItself, ...how } = context.readOn
    const { timeouts } = readingOn
    const askOwn = ask(record)
    /** True if an earlier worker has reported its end. */
    const isReadAgain = record.endedAt !== undefined
    const emitOwn = (status: NewStatus<RequestStatus>) => {
      if (isReadAgain) return
      note(status)
      emit(kept, status)
    }
    const reading = relay(open, {
      clock,
      timeouts,
      isEventSource: false,
      writer: createWriter(kept),
      signal: stop.signal,
      readOn: createReadOn(open.splice, open.response.headers, {
        ...how,
        clock,
        requestId,
        headersMs: timeouts.firstOutputMs,
        signal: stop.signal,
        ask: async (...request) => {
          // It would go with that user's cookies, or token.
          if (record.principal !== undefined && record.principal !== (await principal.known()))
            throw new TypeError('Another user is signed in now')
          return askOwn(...request)
        },
        emit: emitOwn,
      }),
      stalled: (name, silentMs) => emitOwn({ status: 'stream_stalled', requestId, clock: name, silentMs }),
      flowing: (name, silentMs) => emitOwn({ status: 'stream_flowing', requestId, clock: name, silentMs }),
      ended: (end) => {
        const { kind } = end
        if (isReadAgain) {
          // Whoever wants it now can read it at its server.
          if (kind !== 'complete') remove(kept)
          return
        }
        if (kind === 'failed')
          emitOwn({ status: 'request_failed', requestId, attempts, waitedMs: 0, ...end.failure })
        if (kind === 'cancelled')
          emitOwn({
            status: 'request_cancelled',
            requestId,
            by: stop.signal.reason === NO_READER ? 'grace' : 'page',
          })
        if (kind === 'complete')
          emitOwn({
            status: 'request_finished',
            requestId,
            verdict: 'complete',
            attempts,
            waitedMs: 0,
            ttftMs: 0,
            durationMs: Math.max(0, clock.now() - record.at),
            bytes: log.size(),
          })
        if (kind !== 'cancelled') endedByItself(record, kind === 'failed')
        ended(kept)
      },
    })
    track(reading)
    void goOn(kept)
  }

  return {
    arrive,
    begin: (asked, stop, arrival = arrive(), attempts = 1) => {
      const { requestId } = asked
      // A page may use an id again: the response before is dropped.
      const before = all.get(requestId)
      if (before) remove(before)
      const record: Recorded = {
        ...asked,
        at: clock.now(),
        attempts,
        bytes: 0,
        deliveredWhole: false,
      }
      const log = openLog(clock)
      const kept: KeptResponse = {
        record,
        entry: journal.open(record),
        log,
        readers: [],
        ready: () => log.begun,
        pagesBefore: context.isWorker(record.clientId).then((isIt) => (isIt ? context.pages() : undefined)),
        stop,
        arrival,
      }
      all.set(requestId, kept)
      const { entry } = kept
      entry.touch()
      clearLate(kept)
      return {
        recorded: waitAtMost(clock, RECORD_MS, new Promise<void>((handed) => void journal.flush(handed))),
        writer: createWriter(kept),
        respond: (runningRequest) => respond(kept, runningRequest),
        canReadOn: (readingOn) => {
          record.readingOn = readingOn
          entry.touch()
        },
        emit: (status) => emit(kept, status),
        firstWords: async (limit) => (record.keep === 'disk' ? readFirstWords(log.open(0), limit) : ''),
        belongsTo: (id) => {
          record.principal = id
          entry.touch()
          clearLate(kept)
        },
        wasLost: (lost) => {
          if (lost.requestId !== requestId) journal.open(lost, true).remove()
          record.attempts += lost.attempts
          entry.touch()
        },
      }
    },
    claim: recovery.claim,
    has: (requestId) => all.has(requestId),
    note,
    attach,
    resume: async (resumeId, clientId, also) => {
      await ready()
      const kept = named(resumeId, clientId)
      if (!kept) return undefined
      const { record } = kept
      if (record.endedAt !== undefined) {
        // A response that ended well has reached the app's history; a cut one is worth reading for the page that had
        // it. A response that was stopped is not wanted.
        const isCut = record.verdict !== 'complete'
        if (record.verdict === 'cancelled') return undefined
        if (isCut && also !== 'cut') return undefined
        if (isCut ? record.isResumed || record.clientId !== clientId : record.deliveredWhole) return undefined
        record.isResumed = isCut
      }
      return attach(record.requestId, 0, clientId)
    },
    cancel: (requestId) => {
      const stopResumed = () => {
        const kept = all.get(requestId)
        if (kept?.arrival === 0 && kept.record.endedAt === undefined) kept.stop.abort()
      }
      // This worker may have started just for this.
      recovery.recovered().then(stopResumed, () => {})
      stopResumed()
      return all.has(requestId)
    },
    isReadByOthers: (requestId, clientId) =>
      all.get(requestId)?.readers.some((reader) => reader !== clientId) ?? false,
    stop: (resumeId, clientId) => {
      const kept = named(resumeId, clientId)
      if (!kept || kept.record.endedAt !== undefined) return false
      kept.stop.abort()
      return true
    },
    list: async () => {
      await ready()
      forget()
      return Array.from(all.values())
        .filter((kept) => kept.record.keep && kept.record.principal !== undefined && isOwn(kept))
        .map(toInfo)
    },
    clear: async (clearing = {}) => {
      const until = arrivals
      const [who] = await Promise.all([principalOf(principal, clearing), recovery.recovered()])
      // It is unknown whether requests that have arrived came before a late `clear`.
      if (clearing.askedAt === undefined) cleared.set(who, until)
      for (const kept of all.values()) {
        const { record, arrival } = kept
        const isBefore = arrival <= until && !isAfter(clearing, record.at, clock.now())
        if (record.principal === who && isBefore) clearOne(kept)
      }
      await journal.flush()
      await journal.clear(who, (requestId) => all.has(requestId))
    },
    leaving: (clientId) => {
      leaving.set(clientId, clock.monotonic())
    },
    staying,
  }
}
