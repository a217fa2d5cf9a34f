import { createInspection, type Inspection, type Verdict } from '../providers/inspection/inspection.ts'
import type { OwnProtocol } from '../providers/own-wire.ts'

export interface Inspected {
  inspection: Inspection
  seen: Inspection['seen']
  /** What the clean end of the connection meant. */
  verdict: Verdict
}

/** Inspects a whole response that comes in pieces, cut at these places, and is closed. */
export function inspect(
  bytes: Uint8Array | string,
  contentType: string,
  path: string,
  cuts: readonly number[] = [],
  own: OwnProtocol & { choices?: number; headers?: Record<string, string> } = {},
): Inspected {
  const all = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  const { headers = {}, ...rest } = own
  const inspection = createInspection(new Headers({ 'content-type': contentType, ...headers }), {
    path,
    ...rest,
  })
  let at = 0
  for (const end of [...cuts.filter((cut) => cut < all.length), all.length].toSorted((a, b) => a - b)) {
    inspection.feed(all.subarray(at, end))
    at = end
  }
  return { inspection, seen: inspection.seen, verdict: inspection.conclude(true) }
}
