import type { ErrorEvent } from '../wire.ts'
import type { Ending } from './ending.ts'

/** The bytes of an error event for a stream that was cut anywhere: they first end an event that was cut off. */
export function frameErrorEvent(event: ErrorEvent, isSse: boolean, ending: Ending): Uint8Array {
  return new TextEncoder().encode(textOf(event, isSse, ending))
}

function textOf(event: ErrorEvent, isSse: boolean, ending: Ending): string {
  const line = 'line' in event ? event.line : JSON.stringify(event.data)
  if ('line' in event || !isSse) return `${ending.isLine() ? '' : '\n'}${line}\n`
  const name = event.name === undefined ? '' : `event: ${event.name}\n`
  return `${ending.isBlankLine() ? '' : '\n\n'}${name}data: ${line}\n\n`
}
