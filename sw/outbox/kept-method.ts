import { readStart } from './read-start.ts'

/** With these a server says that it has taken something: no GET is answered so. */
const TAKEN = new Set([201, 202])

/**
 * Whether a redirect within its origin left a request its method and its body: 307 and 308 do, 301, 302 and 303 make a GET
 * of a POST, and `fetch` does not tell which it was. What a GET of the same place is answered tells: where it is answered
 * likewise, the response may be to a GET, and the message has not been taken.
 *
 * @param text the beginning of the response's body
 * @param get asks for what lies there; it may fail
 */
export async function keptMethod(
  { status, ok }: Response,
  text: string,
  get: () => Promise<Response>,
): Promise<boolean> {
  if (!ok || TAKEN.has(status)) return true
  try {
    const other = await get()
    const { text: otherText } = await readStart(other, false)
    return other.status !== status || shapeOf(otherText) !== shapeOf(text)
  } catch {
    return false // It cannot be told: the message is sent again, with the same key.
  }
}

/** The names in JSON, without what changes from one response to the next; of other text all. */
function shapeOf(text: string): string {
  try {
    return JSON.stringify(outline(JSON.parse(text), 0))
  } catch {
    return text
  }
}

/** Deeper than this responses are not compared. */
const MAX_DEPTH = 4

function outline(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return []
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return 0
  const names = Object.keys(value).sort()
  return names.map((name) => [name, outline((value as Record<string, unknown>)[name], depth + 1)])
}
