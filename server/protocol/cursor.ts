/** // [spec] Durable Streams, section 8.1: intervals are counted from 9 October 2024, 20 s each. */
const EPOCH = Date.UTC(2024, 9, 9)
const INTERVAL_MS = 20_000
const MAX_JITTER_MS = 3_600_000

/**
 * The cursor of a live response: always greater than the one that its client has sent, so that no cache between them
 * returns an old response.
 */
export function nextCursor(provided: string | null, now: number, random: () => number): string {
  const current = Math.floor((now - EPOCH) / INTERVAL_MS)
  const sent = Number.parseInt(provided ?? '', 10)
  if (Number.isNaN(sent) || sent < current) return String(current)
  return String(sent + Math.max(1, Math.ceil((random() * MAX_JITTER_MS) / INTERVAL_MS)))
}
