/** Bytes wait at most this long for others before they are stored, ms; and at most this many of them. */
export const BATCH_MS = 50
export const BATCH_BYTES = 16 * 1024

/** The most bytes in one write to a store. */
export const MAX_WRITE = 256 * 1024

/** The most bytes that a reader gets at once, and asks the store for. */
export const SLICE_BYTES = 256 * 1024

/** How many of the newest bytes are kept in memory for readers of the same process, even if they are stored. */
export const TAIL_BYTES = 64 * 1024

/** A producer writes at least this often, if only to show that it is alive, ms. */
export const BEAT_MS = 3_000

/** A producer that has written nothing for this long is dead, ms. */
export const LEASE_MS = 15_000

/**
 * A run with a key and nothing stored gives up if its writes fail, and the last that succeeded was sent this long ago,
 * ms: before the lease is over for those who saw that one. Its next may take `STORE_MS` to fail for the first time.
 */
export const CLAIM_MS = 10_000

/** A stream without an end is kept for at least this long after its last write, ms. */
export const OPEN_MS = 3_600_000

/** A removal waits this long for the stream's producer to end it, ms. */
export const REMOVE_MS = 2_000

/** Readers ask the store at least this often, in case a change was not announced, ms. */
export const POLL_MS = 1_000

/** A store that fails is asked again for this long after the response's end, ms. */
export const STORE_GRACE_MS = 60_000

/** An operation of a store that has no result in this time has failed, ms. */
export const STORE_MS = 5_000

/** How long a reader waits for a store that fails, ms. */
export const READ_GRACE_MS = 20_000

/** How long a long-poll waits, and how often an idle server-sent events connection shows that it is alive, ms. */
export const LONG_POLL_MS = 20_000
export const KEEP_ALIVE_MS = 15_000

/** A server-sent events connection is closed after this long: its client reconnects where it was. ms */
export const SSE_MS = 60_000

/**
 * A refusal is shared with others that wait for it if it has at most this many bytes, and comes within this time, ms.
 */
export const MAX_REFUSAL = 64 * 1024
export const REFUSAL_MS = 5_000

/** A body breaks this long after its last bytes, ms. */
export const BREAK_MS = 250
