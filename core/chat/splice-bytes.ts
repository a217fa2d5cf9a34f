import type { ResumeRequest, Splice } from './splice.ts'

/** This many bytes before the end are requested again and compared. */
const OVERLAP_BYTES = 256

/** A longer response cannot be resumed by a replay, bytes. */
const MAX_REPLAY = 16 * 1024 * 1024

/** Byte offsets as `streamkeeper/server` writes them. */
export const BYTE_OFFSET = /^\d{16}$/

/** Where a response's bytes can be read again, and how to request those that follow a given one. */
export interface BytePlace {
  /** Requests what follows that byte; without one, everything. */
  requestFrom: (byte: number | undefined) => ResumeRequest
  /** True if all of it comes again, from the first byte on. */
  isReplay?: boolean
  /** True if the server marks the end with `Stream-Closed`. */
  saysEnd?: boolean
  stopUrl?: URL
}

/** A splice of bytes: those before the cut are requested again, and must be the same. */
export function spliceBytes({ requestFrom, isReplay, saysEnd = false, stopUrl }: BytePlace): Splice {
  let size = 0
  /** Bytes to compare with: all of them, or the last ones. */
  let kept: Uint8Array[] = []
  let keptBytes = 0
  let isOff = false
  /** Where the response ends, according to the server. */
  let endsAt: number | undefined
  /** The bytes that must come again before anything new: `kept` from this chunk and byte on. */
  let expected: { index: number; at: number } | undefined

  return {
    take,
    unfinished: () => [],
    reconnect: () => {
      if (isOff) return undefined
      expected = { index: 0, at: 0 }
      endsAt = undefined
      return requestFrom(isReplay ? undefined : size - keptBytes)
    },
    begin: ({ headers }) => {
      const offset = headers.get('stream-next-offset') ?? ''
      if (headers.get('stream-closed') === 'true') endsAt = BYTE_OFFSET.test(offset) ? Number(offset) : 0
    },
    isClosed,
    size: () => size,
    hasCaughtUp: () => (endsAt === undefined ? size > 0 && !isMissing() : isClosed()),
    saysEnd,
    isExact: true,
    isKnown: () => !isOff,
    stopUrl: () => stopUrl,
  }

  function isClosed(): boolean {
    return endsAt !== undefined && size >= endsAt && !isMissing()
  }

  /** True if some bytes that were passed on have not come again. */
  function isMissing(): boolean {
    return expected !== undefined && expected.index < kept.length
  }

  function take(bytes: Uint8Array): Uint8Array[] | undefined {
    let from = 0
    while (expected) {
      const chunk = kept[expected.index]
      if (!chunk) expected = undefined
      else if (expected.at === chunk.length) expected = { index: expected.index + 1, at: 0 }
      else if (from === bytes.length) break
      else if (chunk[expected.at++] !== bytes[from++]) return undefined
    }
    const rest = bytes.subarray(from)
    if (rest.length === 0) return []
    hold(rest)
    return [rest]
  }

  function hold(bytes: Uint8Array) {
    size += bytes.length
    if (isOff) return
    kept.push(bytes)
    keptBytes += bytes.length
    if (isReplay) {
      isOff = keptBytes > MAX_REPLAY
      if (isOff) kept = []
      return
    }
    if (keptBytes <= OVERLAP_BYTES) return
    const last = new Uint8Array(OVERLAP_BYTES)
    let left = OVERLAP_BYTES
    while (left > 0) {
      const chunk = (kept.pop() ?? last).subarray(-left)
      left -= chunk.length
      last.set(chunk, left)
    }
    kept = [last]
    keptBytes = OVERLAP_BYTES
  }
}
