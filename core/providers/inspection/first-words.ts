import { asText, type StreamEvent, type Wire } from '../wire.ts'
import { recognise } from '../wires.ts'
import { createEventReader, parseJson } from './event-reader.ts'
import { formatOf, MAX_START } from './format.ts'
import { splitEvents, splitLines } from './split.ts'
import { splitValues } from './split-values.ts'
import { createUnread } from './unread.ts'

/** How far the words are looked for, bytes: reasoning may come before them. */
const WITHIN = 4 * 1024 * 1024

/** Like `firstWords`, for a Response that is read for nothing else; empty without one. Never rejects. */
export async function readFirstWords(response: Response | undefined, limit: number): Promise<string> {
  const reader = response?.body?.getReader()
  const label = response?.headers.get('content-type')?.toLowerCase() ?? ''
  const unread = createUnread()
  try {
    while (reader && unread.size() < WITHIN) {
      const { done, value } = await reader.read()
      if (done) break
      unread.push(value)
    }
  } catch {
    // It broke off: the part before that may have words, too.
  }
  void reader?.cancel().catch(() => {})
  return firstWords(unread.first(WITHIN), label, limit)
}

/** Some models write their reasoning into the text itself. */
const THOUGHTS = '<think>'
const THOUGHTS_END = '</think>'

/**
 * The first words of a response, on one line: at most `limit` characters, cut at a word's end. Empty if its wire is
 * unknown, or it has none yet. Never throws.
 *
 * @param bytes the response from its first byte on, as far as it is to be read
 * @param label its `Content-Type`, lower case
 */
export function firstWords(bytes: Uint8Array, label: string, limit: number): string {
  const decoder = new TextDecoder()
  const format = formatOf(decoder.decode(bytes.subarray(0, MAX_START)).trimStart(), label, true)
  const splitter = {
    sse: splitEvents,
    lines: splitLines,
    values: splitValues,
    page: undefined,
    bytes: undefined,
  }[format ?? 'bytes']?.()
  let wire: Wire | undefined
  /** Events before the wire is known. */
  let events: StreamEvent[] = []
  let words = ''

  const take = (event: StreamEvent) => {
    wire ??= recognise(event, format)
    events.push(event)
    if (!wire) return
    for (const each of events) add(asText(wire.words?.(each)))
    events = []
  }
  const add = (more: string) => {
    words = (words + more).replace(/\s+/g, ' ').trimStart()
    if (!words.startsWith(THOUGHTS)) return
    const end = words.indexOf(THOUGHTS_END)
    words =
      end < 0
        ? THOUGHTS + words.slice(THOUGHTS.length).slice(-THOUGHTS_END.length)
        : words.slice(end + THOUGHTS_END.length).trimStart()
  }
  const reader = createEventReader({ onEvent: take })

  for (let at = 0; splitter && words.length <= limit;) {
    const next = splitter.next(bytes, at)
    if (next < 0) break
    const text = decoder.decode(bytes.subarray(at, next))
    at = next
    if (format === 'sse') reader.feed(text)
    else take({ text: text.trim(), data: parseJson(text) })
  }
  return words.startsWith(THOUGHTS) ? '' : cut(words.trimEnd(), limit)
}

function cut(words: string, limit: number): string {
  if (words.length <= limit) return words
  const head = words.slice(0, limit - 1)
  const end = words.slice(0, limit).lastIndexOf(' ')
  // Not every language has spaces; a surrogate is half a character.
  return `${end > limit / 2 ? head.slice(0, end) : head.replace(/[\uD800-\uDBFF]$/, '')}…`
}
