import type { Clock } from '../core/clock.ts'
import { declareDead } from './judge-end.ts'
import { LEASE_MS, POLL_MS, READ_GRACE_MS, SLICE_BYTES, STORE_MS } from './limits.ts'
import type { Source, SourceState } from './source.ts'
import { isLost, type StreamStore } from './stores/store.ts'
import type { StreamEnd } from './stream-info.ts'

/** The next thing that a reader meets. `idle`: nothing for so long. `gone`: the stream is not there any more. */
export type Step =
  | { kind: 'bytes'; bytes: Uint8Array; state: SourceState }
  | { kind: 'end'; end: StreamEnd; state: SourceState }
  | { kind: 'idle'; state: SourceState }
  | { kind: 'gone' }

/** Reads one stream from a byte on, at the pace of whoever asks. */
export interface StreamReader {
  /**
   * Waits at most `idleMs` for bytes or for the end; not to be called twice at once.
   *
   * @throws when the store has failed for too long; the reader is closed then, as after a failed `head`
   */
  next: (idleMs: number) => Promise<Step>
  /**
   * Waits for the head of the response, or for an end without one, as long as its producer lives; `undefined`: the stream is
   * not there any more, or its reader has left.
   */
  head: (left: AbortSignal) => Promise<SourceState | undefined>
  /** Where the next bytes begin. */
  position: () => number
  /** Ends it, also while it waits. */
  close: () => void
}

interface ReadContext {
  store: StreamStore
  clock: Clock
  /** The store has failed for too long; for those who throw where nobody catches: in a body. */
  onError?: (error: unknown) => void
}

/**
 * Opens a stream at a byte.
 *
 * A reader of a stream that another process writes also watches over it: when nothing has been written for the time of
 * a lease, it ends the stream with an error. It counts that time itself, in steps that it was awake in, so neither a
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
      // Without a body nothing else tells.
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

  /** As `waited`; where that fails, so has the reader. */
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
        // Where it cannot be stored, who reads is told all the same, now and again.
        if (end) return { ...state, info: { ...state.info, end } }
        seen.silentMs = 0
        continue
      }
      const since = clock.monotonic()
      if (since >= idleAt) return state
      await change(Math.min(POLL_MS, idleAt - since))
      // A wait that took far longer than asked for was slept through; one on a busy machine takes a little longer.
      seen.silentMs += Math.min(clock.monotonic() - since, 2 * POLL_MS)
    }
  }

  function step(state: SourceState | undefined): Step {
    if (!state) return { kind: 'gone' }
    const { bytes, info, length } = state
    position += bytes.length
    if (bytes.length > 0) return { kind: 'bytes', bytes, state }
    if (!info.end) return { kind: 'idle', state }
    // Somebody who has been given more than was stored has not got all of it, whatever the store says.
    return position > length ? { kind: 'gone' } : { kind: 'end', end: info.end, state }
  }

  /** True if its producer has been silent for too long. */
  function isSilent({ version = 0 }: SourceState): boolean {
    if (version !== seen.version) seen = { version, silentMs: 0 }
    return seen.silentMs >= LEASE_MS
  }

  /** A store that is away for a moment has lost nothing. */
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

  /** How long a read and the wait after it took, without what was slept through. */
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
