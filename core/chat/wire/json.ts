const QUOTE = 34
const BACKSLASH = 92
const OPEN_BRACKET = 91
const OPEN_BRACE = 123
const CLOSE_BRACKET = 93
const CLOSE_BRACE = 125

/**
 * Follows a JSON text through its bytes without keeping them: only how deep it is, and whether in a string. Enough to
 * tell a whole text from a cut one; blank bytes before it are keep-alives.
 */
export function scanJson(): { feed: (bytes: Uint8Array) => boolean; isWhole: () => boolean } {
  let depth = 0
  let inString = false
  let escaped = false
  let begun = false
  let closed = false
  return {
    /** Returns whether an object or array that is the whole text has been closed. */
    feed: (bytes) => {
      for (const byte of bytes) {
        if (escaped) escaped = false
        else if (inString) {
          if (byte === BACKSLASH) escaped = true
          else if (byte === QUOTE) inString = false
        } else if (byte === QUOTE) begun = inString = true
        else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
          begun = true
          depth++
        } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
          depth--
          if (depth === 0) closed = true
        } else if (byte > 32) begun = true
      }
      return closed
    },
    /** Returns whether the text may end here; numbers and words have no closing byte. */
    isWhole: () => begun && depth === 0 && !inString,
  }
}
