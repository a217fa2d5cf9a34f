import type { Clock } from '../core/clock.ts'
import { declareDead } from './judge-end.ts'
import { LEASE_MS, POLL_MS, READ_GRACE_MS, SLICE_BYTES, STORE_MS } from './limits.ts'
import type { Source, SourceState } from './source.ts'
import { isLost, type StreamStore } from './stores/store.ts'
import type { StreamEnd } from './stream-info.ts'

/** The next thing that a reader meets. `idle`: nothing in time. `gone`: the stream does not exist any more. */
export type Step =
  | { kind: 'bytes'; bytes: Uint8Array; state: SourceState }
  | { kind: 'end'; end: StreamEnd; state: SourceState }
  | { kind: 'idle'; state: SourceState }
  | { kind: 'gone' }

/** Reads one stream from a byte on, at the pace of whoever asks. */
export interface StreamReader {
  /**
   * Waits at most `idleMs` for bytes or for the end; must not be called twice at once.
   *
   * @throws if the store has failed for too long; the reader is closed then, as after a failed `head`
   */
  next: (idleMs: number) => Promise<Step>
  /**
   * Waits for the head of the response, or for an end without one, as long as its producer lives; `undefined`: the
   * stream does not exist any more, or its reader has left.
   */
  head: (left: AbortSignal) => Promise<SourceState | undefined>
  /** Where the next bytes begin. */
  position: () => number
  /** Closes the reader, even while it waits. */
  close: () => void
}

interface ReadContext {
  store: StreamStore
  clock: Clock
  /** Called when the store has failed for too long; for readers that throw where nobody catches: in a body. */
  onError?: (error: unknown) => void
}

/**
 * Opens a stream at a byte.
 *
 * A reader of a stream that another process writes also watches over it: when nothing has been written for the time of
 * a lease, it ends the stream with an error. It counts that time itself, in steps when it was awake, so neither a
 * clock that jumps nor a machine that sleeps makes a living producer look dead.
 */
export function openReader(
  source: Source,
  from: number,
  { store, clock, onError = () => {} }: ReadContext,
): StreamReader {
  let position = from
  let isClosed = false
  let hasChanged = false
  let wake = () => {}
  let seen = { version: 0, silentMs: 0 }
  const unwatch = source.watch(() => {
    hasChanged = true
    wake()
  })

  return {
    next: async (idleMs) => {
      const state = await until(
        ({ bytes, info }) => bytes.length > 0 || info.end !== undefined,
        idleMs,
        SLICE_BYTES,
      )
      return step(state)
    },
    head: async (left) => {
      // Without a body nothing else shows that the reader has left.
      left.addEventListener('abort', close)
      if (left.aborted) close()
      try {
        const isKnown = ({ info: { head, end, ingest } }: SourceState) =>
          head !== undefined || end !== undefined || ingest !== undefined
        return await until(isKnown, Infinity, 0)
      } finally {
        left.removeEventListener('abort', close)
      }
    },
    position: () => position,
    close,
  }

  function close(): void {
    isClosed = true
    unwatch()
    wake()
  }

  /** Like `waited`, but closes the reader if that fails. */
  async function until(...wanted: Parameters<typeof waited>): Promise<SourceState | undefined> {
    try {
      return await waited(...wanted)
    } catch (error) {
      close()
      throw error
    }
  }

  async function waited(
    isEnough: (state: SourceState) => boolean,
    idleMs: number,
    maxBytes: number,
  ): Promise<SourceState | undefined> {
    const idleAt = clock.monotonic() + idleMs
    for (;;) {
      hasChanged = false
      const state = await readPatiently(maxBytes)
      if (!state || isClosed) return undefined
      if (isEnough(state)) return state
      if (source.isRemote && !state.info.ingest && isSilent(state)) {
        const end = await declareDead(store, source.id, seen.version, onError)
        // If it cannot be stored, readers get it all the same, now and again.
        if (end) return { ...state, info: { ...state.info, end } }
        seen.silentMs = 0
        continue
      }
      const since = clock.monotonic()
      if (since >= idleAt) return state
      await change(Math.min(POLL_MS, idleAt - since))
      // A wait that took far longer than requested was slept through; one on a busy machine takes a little longer.
      seen.silentMs += Math.min(clock.monotonic() - since, 2 * POLL_MS)
    }
  }

  function step(state: SourceState | undefined): Step {
    if (!state) return { kind: 'gone' }
    const { bytes, info, length } = state
    position += bytes.length
    if (bytes.length > 0) return { kind: 'bytes', bytes, state }
    if (!info.end) return { kind: 'idle', state }
    // A reader that got more than was stored does not have all of it, whatever the store says.
    return position > length ? { kind: 'gone' } : { kind: 'end', end: info.end, state }
  }

  /** True if its producer has been silent for too long. */
  function isSilent({ version = 0 }: SourceState): boolean {
    if (version !== seen.version) seen = { version, silentMs: 0 }
    return seen.silentMs >= LEASE_MS
  }

  /** Reads, with patience for a store that is away for a moment: that has lost nothing. */
  async function readPatiently(maxBytes: number): Promise<SourceState | undefined> {
    for (let awayMs = 0; ;) {
      const since = clock.monotonic()
      try {
        return await source.read(position, maxBytes)
      } catch (error) {
        if (isClosed) throw error
        if (awayMs + awakeSince(since) >= READ_GRACE_MS || isLost(error)) {
          onError(error)
          throw error
        }
        hasChanged = false
        await change(POLL_MS)
        awayMs += awakeSince(since)
      }
    }
  }

  /** How long a read and the wait after it took, without the time that the machine slept. */
  function awakeSince(since: number): number {
    return Math.min(clock.monotonic() - since, STORE_MS + 2 * POLL_MS)
  }

  /** Waits until something may have changed. */
  function change(ms: number): Promise<void> {
    if (hasChanged || isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = clock.timer(ms, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
  }
}
