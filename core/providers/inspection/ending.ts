import { NEWLINE, RETURN } from './split.ts'

/** Tells whether the bytes so far end with a whole line, or with a blank line. */
export interface Ending {
  feed: (bytes: Uint8Array) => void
  isLine: () => boolean
  isBlankLine: () => boolean
}

export function rememberEnding(): Ending {
  let last = NEWLINE
  let beforeLast = NEWLINE
  return {
    feed: (bytes: Uint8Array) => {
      for (let at = Math.max(0, bytes.length - 4); at < bytes.length; at++) {
        const byte = bytes[at] ?? 0
        if (byte === RETURN) continue
        beforeLast = last
        last = byte
      }
    },
    isLine: () => last === NEWLINE,
    isBlankLine: () => last === NEWLINE && beforeLast === NEWLINE,
  }
}
