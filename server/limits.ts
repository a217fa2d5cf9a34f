/** Bytes wait at most this long for others before they are stored, ms; and at most so many of them. */
export const BATCH_MS = 50
export const BATCH_BYTES = 16 * 1024

/** One write to a store has at most so many bytes. */
export const MAX_WRITE = 256 * 1024

/** A reader is given at most so many bytes at once, and asks the store for no more. */
export const SLICE_BYTES = 256 * 1024

/** How many of the newest bytes are kept in memory for readers of the same process, though they are stored. */
export const TAIL_BYTES = 64 * 1024

/** A producer writes at least this often, if only to show that it is alive, ms. */
export const BEAT_MS = 3_000

/** A producer that has written nothing for so long is dead, ms. */
export const LEASE_MS = 15_000

/**
 * A run with a key of which nothing is stored gives up when its writes fail, and the last that was done was sent so long
 * ago, ms: before the lease is over for those who saw that one. Its next may take `STORE_MS` to fail for the first time.
 */
export const CLAIM_MS = 10_000

/** A stream without an end is kept for at least so long after its last write, ms. */
export const OPEN_MS = 3_600_000

/** A removal waits so long for the stream's producer to end it, ms. */
export const REMOVE_MS = 2_000

/** Readers ask the store at least this often, should a change not have been told, ms. */
export const POLL_MS = 1_000

/** A store that fails is asked again for this long after the response's end, ms. */
export const STORE_GRACE_MS = 60_000

/** An operation of a store that is not answered in this time has failed, ms. */
export const STORE_MS = 5_000

/** A reader waits for a store that fails for so long, ms. */
export const READ_GRACE_MS = 20_000

/** How long a long-poll waits, and how often an idle server-sent events connection says so, ms. */
export const LONG_POLL_MS = 20_000
export const KEEP_ALIVE_MS = 15_000

/** A server-sent events connection is closed after this long: its client connects again where it was. ms */
export const SSE_MS = 60_000

/** A refusal is shared with others that wait for it if it has at most so many bytes, and comes within so long, ms. */
export const MAX_REFUSAL = 64 * 1024
export const REFUSAL_MS = 5_000

/** A body breaks so long after its last bytes, ms. */
export const BREAK_MS = 250
