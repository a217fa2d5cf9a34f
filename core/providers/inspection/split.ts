/** Finds the ends of events, in bytes that come in any pieces. */
export interface Splitter {
  /** The index in `bytes` after the first event that ends at or after `from`; -1 if none does. */
  next: (bytes: Uint8Array, from: number) => number
  /** True if there is content after the last end: more than blanks and comments. */
  isInside: () => boolean
  /** True if the bytes so far cannot be of this format; absent: any can. */
  isInvalid?: () => boolean
}

export const NEWLINE = 10
export const RETURN = 13
const TAB = 9
const SPACE = 32
const COLON = 58

/** Server-sent events end at a blank line. Comments and blank lines before an event belong to it. */
export function splitEvents(): Splitter {
  let isLineBlank = true
  let isInside = false
  return {
    next: (bytes, from) => {
      let at = from
      while (at < bytes.length) {
        const lf = bytes.indexOf(NEWLINE, at)
        const end = lf < 0 ? bytes.length : lf
        const isBlank = isLineBlank && (end === at || (end === at + 1 && bytes[at] === RETURN))
        // A comment shows by the first byte of its line.
        if (isLineBlank && !isBlank && bytes[at] !== COLON && !isBlankByte(bytes[at])) isInside = true
        if (lf < 0) {
          isLineBlank = isBlank
          return -1
        }
        at = lf + 1
        isLineBlank = true
        if (isBlank && isInside) {
          isInside = false
          return at
        }
      }
      return -1
    },
    isInside: () => isInside,
  }
}

/** One event per line; blank lines do not count. */
export function splitLines(): Splitter {
  let isInside = false
  return {
    next: (bytes, from) => {
      let at = from
      for (;;) {
        const lf = bytes.indexOf(NEWLINE, at)
        const end = lf < 0 ? bytes.length : lf
        isInside ||= !isBlank(bytes, at, end)
        if (lf < 0) return -1
        at = lf + 1
        if (!isInside) continue
        isInside = false
        return at
      }
    },
    isInside: () => isInside,
  }
}

export function isBlankByte(byte: number | undefined): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB
}

/** Returns the bytes after a byte order mark and blanks. */
export function skipBlanks(bytes: Uint8Array): Uint8Array {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (isBlankByte(bytes[at])) at++
  return bytes.subarray(at)
}

function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isBlankByte(bytes[at])) return false
  return true
}
