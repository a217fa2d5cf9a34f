/**
 * Encodes a name that anybody may choose, as a part of another: any text, even with half a surrogate pair; two names
 * never have the same result.
 */
export function encodeName(name: string): string {
  return encodeURIComponent(JSON.stringify(name).slice(1, -1))
}
