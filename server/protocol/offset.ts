/** Where a read begins: a byte, the end as it is now, or nothing that can be read. */
export type Offset = number | 'now' | 'wrong'

/** Positions as Durable Streams clients need them: text that sorts like the numbers. */
export function formatOffset(position: number): string {
  return String(position).padStart(16, '0')
}

/** Reads the query's `offset`: a byte in up to 16 digits, `-1` (the beginning, also the default) or `now`. */
export function readOffset(query: URLSearchParams): Offset {
  const provided = query.getAll('offset')
  const [text = '-1'] = provided
  if (provided.length > 1) return 'wrong'
  if (text === 'now') return 'now'
  if (text === '-1') return 0
  const position = /^\d{1,16}$/.test(text) ? Number(text) : NaN
  return Number.isSafeInteger(position) ? position : 'wrong'
}
