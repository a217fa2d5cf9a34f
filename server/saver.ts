import type { Clock } from '../core/clock.ts'
import { deferred } from '../core/deferred.ts'
import { BATCH_BYTES, BATCH_MS, BEAT_MS, CLAIM_MS, MAX_WRITE, STORE_GRACE_MS } from './limits.ts'
import type { StreamStore } from './stores/store.ts'
import { readInfo, type StreamInfo } from './stream-info.ts'
import type { Tail } from './tail.ts'

/** Writes one stream into its store: a batch at a time, and a sign of life when there is nothing to write. */
export interface Saver {
  bytesAdded: () => void
  /** The record is another now; with an `end` it is the last, and is written after the last byte. */
  infoChanged: (info: StreamInfo) => void
  /** Resolves when the record of this moment is stored, or never will be. Never rejects. */
  stored: () => Promise<void>
  /**
   * True once its key names this run for good: some of its bytes are stored. False: none are, and by now another process may
   * have taken it for dead and run its request again. Never rejects.
   */
  isClaimed: Promise<boolean>
  /** Removes what is stored. */
  forget: () => Promise<void>
  /** Resolves when all is stored, or never will be. Never rejects. */
  finished: Promise<void>
}

interface SaverContext {
  id: string
  store: StreamStore
  clock: Clock
  tail: Tail
  /** Somebody has asked the stream to stop. */
  onStop: () => void
  /** The stream belongs to somebody else now. */
  onLost: () => void
  onError: (error: unknown) => void
  /** The store has taken it in. */
  isKept: boolean
}

const BACKOFF_MS = 250
const MAX_BACKOFF_MS = 5_000

/**
 * One loop, one write at a time:
 *
 *     wait ─▶ write ─┬─ done ────▶ wait
 *       ▲            ├─ refused ─▶ read the record: stop? ended by another? or was it our own write after all?
 *       └─ backoff ◀─┴─ failed
 *
 * A write whose response was lost may have been done. The next is refused then, and the record tells.
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
}: SaverContext): Saver {
  let version = 1
  let info: StreamInfo | undefined
  let hasNewInfo = false
  /** Nothing more is written: it has ended, belongs to another, or is forgotten. */
  let isOver = false
  let isWriting = false
  let isAsking = false
  /** The newest version that was told: greater than our own, it is somebody else's. */
  let learned = 0
  let failures = 0
  /** When the first byte that is not stored must be written; 0: at once. */
  let batchDueAt: number | undefined
  let wake = () => {}
  let stored = deferred<void>()
  const isClaimed = deferred<boolean>()
  let unguard = () => {}
  /** When the store has last said that it has written. */
  let writtenAt = clock.monotonic()
  const finished = deferred<void>()
  const unwatch = store.watch(id, (changed) => {
    learned = Math.max(learned, changed)
    if (!isWriting) void askIfChanged()
  })
  void loop()
  guardClaim()

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
    forget: async () => {
      end()
      try {
        await store.delete(id)
      } catch (error) {
        onError(error)
      }
    },
    finished: finished.promise,
  }

  async function loop(): Promise<void> {
    let endedAt: number | undefined
    while (!isOver) {
      await due()
      if (isOver) return
      const bytes = tail.unsaved(MAX_WRITE)
      const isLast = info?.end !== undefined && tail.savedTo() + bytes.length === tail.length()
      const isEarly = hasNewInfo && info?.end === undefined
      const sent = isLast || isEarly ? info : undefined
      try {
        isWriting = true
        const isWritten = await store.write(id, version, {
          ...(bytes.length > 0 ? { bytes } : {}),
          ...(sent ? { info: JSON.stringify(sent) } : {}),
          ...(isLast ? { isEnd: true } : {}),
        })
        isWriting = false
        failures = 0
        if (isWritten) {
          version++
          writtenAt = clock.monotonic()
          saved(bytes.length, sent)
          if (isLast) end()
          else void askIfChanged()
        } else await reconcile(sent)
      } catch (error) {
        isWriting = false
        if (failures === 0) onError(error)
        failures++
        if (info?.end) endedAt ??= clock.monotonic()
        if (endedAt !== undefined && clock.monotonic() - endedAt > STORE_GRACE_MS) end()
        else await backOff(Math.min(BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS))
      }
    }
  }

  /**
   * Until some of it is stored, others who see no sign of life for the time of a lease run its request again. This one stops
   * before.
   */
  function guardClaim(): void {
    if (isOver || tail.savedTo() > 0) return
    const leftMs = writtenAt + CLAIM_MS - clock.monotonic()
    if (leftMs > 0) unguard = clock.timer(leftMs, guardClaim)
    else isClaimed.resolve(false)
  }

  function saved(count: number, sent: StreamInfo | undefined): void {
    tail.saved(count)
    const left = tail.length() - tail.savedTo()
    batchDueAt = left === 0 ? undefined : left >= BATCH_BYTES ? 0 : clock.monotonic() + BATCH_MS
    if (tail.savedTo() > 0) isClaimed.resolve(true)
    if (sent !== info) return
    hasNewInfo = false
    stored.resolve()
    stored = deferred()
  }

  /** Waits until there is something to write. */
  async function due(): Promise<void> {
    const beatAt = clock.monotonic() + BEAT_MS
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
    // Nobody else appends: bytes that are there are ours, of one of the writes whose responses were lost.
    const written = stored.length - tail.savedTo()
    if (written < 0 || stored.length > tail.length()) return loseLease()
    version = stored.version
    if (written > 0) saved(written, undefined)
    if (other.end) return end()
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
    if (other.isStopping) onStop()
  }

  function loseLease(): void {
    end()
    isClaimed.resolve(false)
    onLost()
  }

  /**
   * The store does not have the stream. If somebody has removed it, its key may run again, and nobody can stop this run any
   * more; if the store has lost it, who reads it here still gets it.
   */
  async function abandon(): Promise<void> {
    const isRemoved = isKept && (store.wasDeleted ? await store.wasDeleted(id) : true)
    if (isOver) return
    if (isRemoved) return loseLease()
    onError(new Error('Cannot store stream: the store has lost it'))
    isClaimed.resolve(true)
    end()
  }

  function end(): void {
    isOver = true
    unwatch()
    unguard()
    stored.resolve()
    wake()
    finished.resolve()
  }

  async function backOff(ms: number): Promise<void> {
    const until = clock.monotonic() + ms
    while (!isOver && clock.monotonic() < until) await wait(until - clock.monotonic())
  }

  /** Waits so long, or until something has happened. */
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
