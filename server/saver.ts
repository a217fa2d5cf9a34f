import type { Clock } from '../core/clock.ts'
import { deferred } from '../core/deferred.ts'
import { errorEnd, judgeStored } from './judge-end.ts'
import { BATCH_BYTES, BATCH_MS, BEAT_MS, CLAIM_MS, MAX_WRITE, STORE_GRACE_MS } from './limits.ts'
import type { StreamStore } from './stores/store.ts'
import { isVoid, readInfo, type StreamInfo } from './stream-info.ts'
import type { Tail } from './tail.ts'

/** Writes one stream into its store: a batch at a time, and a sign of life when there is nothing to write. */
export interface Saver {
  bytesAdded: () => void
  /**
   * The record has changed. One with an `end` is the last, and is written after the last byte. A stream that has ended
   * void is removed.
   */
  infoChanged: (info: StreamInfo) => void
  /** Resolves when the current record is stored, or never will be. Never rejects. */
  stored: () => Promise<void>
  /**
   * Of a held run: true once its key names it for good, because the store has said that some of its bytes are stored;
   * false if it belongs to another process, or has given up. Never rejects.
   */
  isClaimed: Promise<boolean>
  /** Resolves when all is stored, or never will be. Never rejects. */
  finished: Promise<void>
}

interface SaverContext {
  id: string
  store: StreamStore
  clock: Clock
  tail: Tail
  /** Called when somebody has asked the stream to stop. */
  onStop: () => void
  /** Called when the stream belongs to another process. */
  onLost: () => void
  onError: (error: unknown) => void
  /** True if the store has accepted it. */
  isKept: boolean
  /** True if readers get no byte of it before one is stored. */
  isHeld: boolean
}

const BACKOFF_MS = 250
const MAX_BACKOFF_MS = 5_000

/** While a run is held, writes are tried again more often; and for at least this long before it gives up, ms. */
const HELD_BACKOFF_MS = 500
const HELD_GRACE_MS = 2_000

/**
 * One loop, one write at a time:
 *
 *     wait ─▶ write ─┬─ done ────▶ wait
 *       ▲            ├─ refused ─▶ read the record: stop? ended by another? or was it our own write after all?
 *       └─ backoff ◀─┴─ failed
 *
 * A write whose response was lost may have been done. Then the next one is refused, and the record shows it.
 *
 * Only the store says whose the run is, and what of it is stored: a run owns its stream while its writes succeed, or
 * while nobody else has written an end. Time decides one thing. Others consider a run without a sign of life dead, and
 * run its request again if nothing of it is stored. So a held run that cannot write gives up before that: it stops, and
 * offers no more bytes. It still asks the store, by writing its end like any other: if that follows bytes after all,
 * they stay.
 */
export function createSaver({
  id,
  store,
  clock,
  tail,
  onStop,
  onLost,
  onError,
  isKept,
  isHeld,
}: SaverContext): Saver {
  let version = 1
  let info: StreamInfo | undefined
  let hasNewInfo = false
  /** True if nothing more is written: it has ended, belongs to another process, or is forgotten. */
  let isOver = false
  let isWriting = false
  let isAsking = false
  /** The newest version that was announced: if it is greater than our own, it is somebody else's. */
  let learned = 0
  let failures = 0
  /** When the first byte that is not stored must be written; 0: at once. */
  let batchDueAt: number | undefined
  let wake = () => {}
  let stored = deferred<void>()
  let claim: 'open' | 'certain' | 'lost' = isHeld ? 'open' : 'certain'
  const isClaimed = deferred<boolean>()
  /** When the newest write that succeeded was sent. */
  let writtenAt = clock.monotonic()
  /** Runs from the first failed write after that one: a held run gives up when the time is over. */
  let cancelGrace: (() => void) | undefined
  const finished = deferred<void>()
  const unwatch = store.watch(id, (changed) => {
    learned = Math.max(learned, changed)
    if (!isWriting) void askIfChanged()
  })
  void loop()

  return {
    bytesAdded: () => {
      // The first bytes wait for no others: they tell what the response is.
      const isDue = tail.length() - tail.savedTo() >= BATCH_BYTES || tail.savedTo() === 0
      const dueAt = isDue ? 0 : (batchDueAt ?? clock.monotonic() + BATCH_MS)
      if (dueAt === batchDueAt) return
      batchDueAt = dueAt
      wake()
    },
    infoChanged: (changed) => {
      info = changed
      hasNewInfo = true
      wake()
    },
    stored: () => (isOver || !hasNewInfo ? Promise.resolve() : stored.promise),
    isClaimed: isClaimed.promise,
    finished: finished.promise,
  }

  async function loop(): Promise<void> {
    let endedAt: number | undefined
    while (!isOver) {
      await due()
      if (isOver) return
      const bytes = tail.unsaved(Math.min(MAX_WRITE, offered() - tail.savedTo()))
      const isLast = info?.end !== undefined && tail.savedTo() + bytes.length === offered()
      const isEarly = hasNewInfo && info?.end === undefined
      const sent = isLast || isEarly ? info : undefined
      const sentAt = clock.monotonic()
      try {
        isWriting = true
        const isWritten = await store.write(id, version, {
          ...(bytes.length > 0 ? { bytes } : {}),
          ...(sent ? { info: JSON.stringify(sent) } : {}),
          ...(isLast ? { isEnd: true } : {}),
        })
        isWriting = false
        if (isWritten) {
          version++
          writtenAt = sentAt
          cancelGrace?.()
          cancelGrace = undefined
          saved(bytes.length, sent)
          if (isLast) await conclude()
          else void askIfChanged()
        } else {
          beginGrace()
          await reconcile(sent)
        }
        failures = 0
      } catch (error) {
        isWriting = false
        const now = clock.monotonic()
        if (failures === 0) onError(error)
        failures++
        beginGrace()
        if (info?.end) endedAt ??= now
        if (endedAt !== undefined && now - endedAt > STORE_GRACE_MS) end()
        else {
          const mostMs = claim === 'open' ? HELD_BACKOFF_MS : MAX_BACKOFF_MS
          await backOff(Math.min(BACKOFF_MS * 2 ** failures, mostMs))
        }
      }
    }
  }

  /**
   * It is over in time even if another write is under way, but not before a process that was frozen meanwhile has asked
   * again.
   */
  function beginGrace(): void {
    if (claim !== 'open' || isOver || cancelGrace) return
    const overAt = Math.max(writtenAt + CLAIM_MS, clock.monotonic() + HELD_GRACE_MS)
    cancelGrace = clock.timer(overAt - clock.monotonic(), () => {
      cancelGrace = undefined
      if (clock.monotonic() - overAt >= HELD_GRACE_MS) beginGrace()
      else if (claim === 'open') giveUp()
    })
  }

  /** How many bytes the store should have: a run that has given up offers no more, if the store has none of them. */
  function offered(): number {
    return claim === 'lost' && tail.savedTo() === 0 ? 0 : tail.length()
  }

  function saved(count: number, sent: StreamInfo | undefined): void {
    tail.saved(count)
    const left = tail.length() - tail.savedTo()
    batchDueAt = left === 0 ? undefined : left >= BATCH_BYTES ? 0 : clock.monotonic() + BATCH_MS
    if (tail.savedTo() > 0) settle('certain')
    if (sent !== info) return
    hasNewInfo = false
    stored.resolve()
    stored = deferred()
  }

  /** Waits until there is something to write. */
  async function due(): Promise<void> {
    const beatAt = writtenAt + BEAT_MS
    while (!isOver && !hasNewInfo) {
      const leftMs = Math.min(batchDueAt ?? Infinity, beatAt) - clock.monotonic()
      if (leftMs <= 0) return
      await wait(leftMs)
    }
  }

  /** The write was refused: finds out why. */
  async function reconcile(sent: StreamInfo | undefined): Promise<void> {
    const stored = await store.read(id, 0, 0)
    if (isOver) return
    if (!stored) return abandon()
    const other = readInfo(stored.info)
    if (other.end && !(sent?.end && JSON.stringify(other.end) === JSON.stringify(sent.end)))
      return loseLease()
    // Nobody else appends: bytes that are there are ours, from one of the writes whose responses were lost.
    const written = stored.length - tail.savedTo()
    if (stored.length > tail.length()) return loseLease()
    // A store may have lost its newest writes. Those that are still in memory are written again.
    if (written < 0 && !tail.read(stored.length, 0)) return breakOff(stored.version, other)
    if (info && !other.head) hasNewInfo = true
    version = stored.version
    if (written !== 0) saved(written, undefined)
    if (other.end) return conclude()
    learn(other)
  }

  /** Looks at the record between two writes. */
  async function askIfChanged(): Promise<void> {
    if (learned <= version || isAsking || isOver) return
    isAsking = true
    try {
      const stored = await store.read(id, 0, 0)
      if (!stored) await abandon()
      else if (!isOver) {
        const other = readInfo(stored.info)
        if (other.end && !info?.end) loseLease()
        else learn(other)
      }
    } catch {
      // The next write will tell.
    }
    isAsking = false
  }

  function learn(other: StreamInfo): void {
    if (!other.isStopping) return
    onStop()
    // Also if it has ended meanwhile without output: a Stop keeps its key.
    if (info && isVoid(info, offered())) info = { ...info, end: errorEnd('stopped') }
  }

  function loseLease(): void {
    end()
    giveUp()
  }

  function giveUp(): void {
    settle('lost')
    onLost()
  }

  function settle(outcome: 'certain' | 'lost'): void {
    if (claim === 'open') claim = outcome
    isClaimed.resolve(outcome === 'certain')
  }

  /**
   * The store does not have the stream. If somebody has removed it, its key may run again, and nobody can stop this run
   * any more; if the store has lost it, readers here still get it.
   */
  async function abandon(): Promise<void> {
    const isRemoved = isKept && (store.wasDeleted ? await store.wasDeleted(id) : true)
    if (isOver) return
    if (isRemoved) loseLease()
    else goOnUnstored()
  }

  /**
   * The bytes that the store has lost are not in memory either: others get an error end, and the response goes on here.
   */
  async function breakOff(stored: number, other: StreamInfo): Promise<void> {
    learn(other)
    const known: StreamInfo = { ...other, ...info, isGiven: true }
    const end = await judgeStored(store, id, known, other.isStopping ? 'stopped' : 'producer_lost')
    const change = { info: JSON.stringify({ ...known, end }), isEnd: true }
    if (await store.write(id, stored, change)) goOnUnstored()
  }

  function goOnUnstored(): void {
    onError(new Error('Cannot store stream: the store has lost it'))
    settle('certain')
    end()
  }

  /** Its end is stored: nobody else can write to it any more. */
  async function conclude(): Promise<void> {
    isWriting = true // Its own removal is no news.
    if (info && isVoid(info, tail.savedTo())) await store.delete(id)
    end()
  }

  function end(): void {
    isOver = true
    cancelGrace?.()
    unwatch()
    stored.resolve()
    wake()
    finished.resolve()
  }

  async function backOff(ms: number): Promise<void> {
    const until = clock.monotonic() + ms
    while (!isOver && clock.monotonic() < until) await wait(until - clock.monotonic())
  }

  /** Waits this long, or until something has happened. */
  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.timer(ms, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
  }
}
