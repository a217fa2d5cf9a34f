/**
 * A name that anybody may choose, as a part of another: any text, also one with half a surrogate pair, and never the same
 * for two names.
 */
export function encodeName(name: string): string {
  return encodeURIComponent(JSON.stringify(name).slice(1, -1))
}
