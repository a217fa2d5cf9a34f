/**
 * A store of streams: a log of bytes and one small record for each, behind one compare-and-set.
 *
 * The record's `version` grows with each write, and a write that does not name the current version is refused. That alone
 * fences producers: whoever ends a stream or asks it to stop makes its producer's next write fail. No store compares
 * clocks for it.
 *
 * A producer's versions grow by one, everybody else's by a leap. A store that loses its newest writes falls back to an
 * earlier version, and no write after that can bring back one that its producer has counted up to.
 */
export interface StreamStore {
  /**
   * Adds a stream without bytes, version 1. If `key` already names a stream of the same owner, nothing is added and
   * that one's id is returned. Rejects if the id is taken.
   */
  create: (stream: NewStream) => Promise<string>
  /**
   * Appends bytes, replaces the record, or only shows that its writer is alive. Does nothing unless the stream exists
   * and has this version.
   *
   * @returns whether it was done
   */
  write: (id: string, version: number, change: StreamChange) => Promise<boolean>
  /**
   * The record, and bytes from the position `from`: at most `maxBytes`, at least one if there are any. `undefined` if
   * there is no such stream. If bytes are lost for good, it rejects with an error of the name `'DataLostError'`: then
   * readers do not ask again.
   */
  read: (id: string, from: number, maxBytes: number) => Promise<StoredStream | undefined>
  /**
   * Calls `changed` with the new version soon after each write, of any process, that the store learns of; perhaps also
   * with the current version when it begins to listen. Calls may be lost: readers also poll.
   *
   * @returns a function that stops it
   */
  watch: (id: string, changed: (version: number) => void) => () => void
  /** Ids of an owner's streams, the newest first; at least the newest hundred. */
  list: (owner: string, conversation?: string) => Promise<string[]>
  /** Removes a stream; its key is free again. */
  delete: (id: string) => Promise<void>
  /**
   * True if a stream that does not exist was removed by `delete`, not long ago. Only for stores that may lose streams
   * nobody has removed: without it, a stream that does not exist counts as removed, and its producer stops.
   */
  wasDeleted?: (id: string) => Promise<boolean>
}

export interface NewStream {
  /** Never used twice. */
  id: string
  owner: string
  conversation?: string
  /** The owner's idempotency key. */
  key?: string
  /** The record, as text. */
  info: string
  /** A stream may be removed once it has been neither written nor ended for this long, ms. */
  ttlMs: number
}

export interface StreamChange {
  bytes?: Uint8Array
  info?: string
  /** The version after the change, greater than the current one. Default one more. */
  nextVersion?: number
  /** Nothing but its removal will follow. */
  isEnd?: boolean
}

export interface StoredStream {
  version: number
  /** Bytes in all. */
  length: number
  info: string
  bytes: Uint8Array
}

/** More than the writes of one stream that a store can lose. */
const LEAP = 2 ** 20

/** The version that anybody but its producer gives a stream: nobody else gives it the same. */
export function leapFrom(version: number): number {
  return version + LEAP + Math.floor(Math.random() * 2 ** 28)
}

/** True if asking again is useless. */
export function isLost(error: unknown): boolean {
  return error instanceof Error && error.name === 'DataLostError'
}
