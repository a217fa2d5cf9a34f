import { errorIn } from '../error-in.ts'
import { parseJson } from './event-reader.ts'

/** Some servers write an error between events as they would anywhere else: `error: {…}`, or bare JSON. */
export function errorOfStrayLine(line: string, text: string): unknown {
  if (line.startsWith('error:')) {
    const data = parseJson(line.slice(6))
    return errorIn({ text: line, data }) ?? data ?? { message: line.slice(6).trim() }
  }
  const isError = line.startsWith('"error"') || /^\{\s{0,99}"error"/.test(line)
  if (!isError || /"error"\s{0,99}:\s{0,99}(null|false|""|\{\}|0)/.test(line.slice(0, 512))) return undefined
  const data = parseJson(line) ?? parseJson(text)
  return data === undefined ? { message: 'An error between events' } : errorIn({ text: line, data })
}

/** True if a line that was cut off may be the beginning of a field. */
export function isHalfField(line: string): boolean {
  return ['data', 'event', 'id', 'retry'].some((field) => field.startsWith(line))
}
