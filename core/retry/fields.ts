/** Deeper than this no provider hides what decides. */
const MAX_DEPTH = 8

/** Every text and number in a value, with the name of its field; the value itself, when it is a text, without one. */
export function fieldsIn(value: unknown, name = '', depth = 0): [name: string, value: string | number][] {
  if (typeof value === 'string' || typeof value === 'number') return [[name, value]]
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return []
  return Object.entries(value).flatMap(([field, inner]) =>
    fieldsIn(inner, Array.isArray(value) ? name : field, depth + 1),
  )
}
