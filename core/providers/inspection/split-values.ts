import type { Splitter } from './split.ts'

const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
const COLON = 58
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const SPACE = 32

/** The token that may come next. */
const VALUE = 0
const KEY = 1
const AFTER_KEY = 2
const AFTER_VALUE = 3

/** Nobody sends JSON that is nested deeper than this. */
const MAX_DEPTH = 1_000

/**
 * Splits JSON values in a row, with or without lines between them: objects and arrays. Follows their bytes without
 * keeping them, which is enough to tell whole values from cut ones, and JSON from text that begins like it. Strings are
 * skipped natively; numbers and literals are not checked.
 */
export function splitValues(): Splitter {
  /** `true` for each object that is open, `false` for each array. */
  const open: boolean[] = []
  let expected = VALUE
  let isFirst = false
  let isInString = false
  let isEscaped = false
  let isInvalid = false

  const afterValue = () => (open.length > 0 ? AFTER_VALUE : VALUE)

  /** The index after the string's closing quote, or the end of the bytes. */
  const skipString = (bytes: Uint8Array, from: number): number => {
    let at = from
    for (;;) {
      const quote = bytes.indexOf(QUOTE, at)
      const end = quote < 0 ? bytes.length : quote
      let slashes = 0
      while (end - slashes > at && bytes[end - slashes - 1] === BACKSLASH) slashes++
      const isOdd = slashes % 2 === 1
      // A backslash at the end of the previous bytes, if it still counts here.
      const escapes = end - slashes === at && isEscaped ? !isOdd : isOdd
      isEscaped = escapes && quote < 0
      if (quote < 0) return bytes.length
      at = quote + 1
      if (escapes) continue
      isInString = false
      return at
    }
  }

  return {
    next: (bytes, from) => {
      let at = from
      while (at < bytes.length && !isInvalid) {
        if (isInString) {
          at = skipString(bytes, at)
          continue
        }
        const byte = bytes[at++] ?? SPACE
        if (byte <= SPACE) continue
        const isObject = open.at(-1)
        switch (byte) {
          case QUOTE:
            if (expected === KEY) expected = AFTER_KEY
            else if (expected === VALUE && open.length > 0) expected = AFTER_VALUE
            else isInvalid = true
            isInString = true
            break
          case OPEN_BRACE:
          case OPEN_BRACKET:
            isInvalid = expected !== VALUE || open.length >= MAX_DEPTH
            open.push(byte === OPEN_BRACE)
            expected = byte === OPEN_BRACE ? KEY : VALUE
            isFirst = true
            continue
          case CLOSE_BRACE:
          case CLOSE_BRACKET:
            isInvalid =
              isObject !== (byte === CLOSE_BRACE) ||
              !(expected === AFTER_VALUE || (isFirst && expected !== AFTER_KEY))
            open.pop()
            expected = afterValue()
            isFirst = false
            if (open.length === 0 && !isInvalid) return at
            break
          case COLON:
            isInvalid = expected !== AFTER_KEY
            expected = VALUE
            break
          case COMMA:
            isInvalid = expected !== AFTER_VALUE
            expected = isObject ? KEY : VALUE
            break
          default:
            // A number or a literal, one byte at a time: its first byte stands where a value may.
            if (expected === VALUE && open.length > 0 && beginsScalar(byte)) expected = AFTER_VALUE
            else isInvalid = expected !== AFTER_VALUE
        }
        isFirst = false
      }
      return -1
    },
    isInside: () => open.length > 0,
    isInvalid: () => isInvalid,
  }
}

/** True for JSON whose last value is not closed. */
export function isHalfValue(bytes: Uint8Array): boolean {
  const values = splitValues()
  for (let at = 0; at >= 0;) at = values.next(bytes, at)
  return values.isInside() && !values.isInvalid?.()
}

/** A digit, a minus, or the first letter of `true`, `false` and `null`. */
function beginsScalar(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || byte === 45 || byte === 116 || byte === 102 || byte === 110
}
