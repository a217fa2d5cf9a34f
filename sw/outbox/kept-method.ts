import { readStart } from './read-start.ts'

/** Statuses by which a server says that it has accepted something; a GET never gets them. */
const TAKEN = new Set([201, 202])

/**
 * True if a redirect within its origin kept a request's method and body. 307 and 308 do; 301, 302 and 303 turn a POST
 * into a GET, and `fetch` does not tell which it was. A GET of the same URL tells: if its response looks the same, the
 * response may be to a GET, and the message was not accepted.
 *
 * @param text the beginning of the response's body
 * @param get sends that GET; it may fail
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
    return false // This is unknown: the message is sent again, with the same key.
  }
}

/** The field names in JSON, without what changes from one response to the next; all of any other text. */
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
