const NEWLINE = 10
const RETURN = 13

/** Remembers how what has passed ended. */
export function rememberEnding() {
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
