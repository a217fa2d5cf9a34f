import { parseJson } from '../../core/providers/inspection/event-reader.ts'

/** In place of a value of which nothing is known: no matcher takes it for anything. */
const UNKNOWN = '""'

/** What makes an object unlike any that was read whole. */
const MORE = '"…":0'

/** Nothing that is deeper is read: to close a megabyte of brackets takes a second. */
const MAX_DEPTH = 500

/**
 * The JSON value of a text of which only the beginning is there; `undefined` when it is none.
 *
 * What broke off in the middle is there, so that a path leads into it, and truthy where all of it is; but it equals
 * nothing that was read whole.
 */
export function parseStart(text: string): unknown {
  const open: string[] = []
  /** The last token, where it begins; `"` is a string that has not ended, `s` one that has, `0` any other scalar. */
  let last = ''
  let from = 0
  let isValue = true
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (last === '"') {
      if (char === '\\') at++
      else if (char === '"') last = 's'
      continue
    }
    if (char <= ' ') continue
    if (char === '"') isValue = last === ':' || open.at(-1) !== '}'
    if (char === '{') open.push('}')
    if (char === '[') open.push(']')
    if (char === '}' || char === ']') open.pop()
    if (open.length > MAX_DEPTH) return undefined
    const token = '"{}[],:'.includes(char) ? char : '0'
    if (token !== '0' || last !== '0') from = at
    last = token
  }

  const before = text.slice(0, from)
  let whole = text
  if (last === '"') whole = isValue ? before + (from + 1 < text.length ? `{${MORE}}` : UNKNOWN) : before
  else if (last === '0') whole = before + UNKNOWN
  else if (last === ':') whole += UNKNOWN
  else if (last === 's' && !isValue) whole += `:${UNKNOWN}`
  else if (last === '[') {
    open.pop()
    whole = before + UNKNOWN
  }
  /** Nothing stands before what is added, or a comma. */
  let isFirst = last === '{' || last === ',' || (last === '"' && !isValue)
  for (let end = open.pop(); end; end = open.pop()) {
    whole += (isFirst ? '' : ',') + (end === '}' ? MORE : UNKNOWN) + end
    isFirst = false
  }
  return parseJson(whole)
}
