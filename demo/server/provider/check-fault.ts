import { isRecord } from '../is-record.ts'
import type { Step } from '../step.ts'

/**
 * Returns what is wrong with a `fault`, as text. A misspelt field must not pass in silence: the test that
 * sent it would go green for the wrong reason.
 */
export function checkFault(fault: unknown): string | undefined {
  if (!isRecord(fault)) return 'Invalid fault: expected an object.'
  const unknown = unknownField(fault, ['id', 'steps', 'repeat', 'answer'])
  if (unknown) return `Invalid fault: unknown field ${unknown}.`
  if (fault.id !== undefined && !isFaultId(fault.id)) {
    return 'Invalid fault.id: expected 1 to 100 characters of A-Z a-z 0-9 _ . : -'
  }
  if (!Array.isArray(fault.steps)) return 'Invalid fault.steps: expected an array.'
  for (const [index, step] of fault.steps.entries()) {
    const wrong = checkStep(step)
    if (wrong) return `Invalid fault.steps[${index}]: ${wrong}.`
  }
  const wrong = fault.answer === undefined ? undefined : checkAnswer(fault.answer, ANSWER)
  return wrong && `Invalid fault.answer: ${wrong}.`
}

export function isFaultId(id: unknown): id is string {
  return typeof id === 'string' && /^[\w.:-]{1,100}$/.test(id)
}

const ANSWER = [
  'headersAfterMs',
  'headers',
  'text',
  'tokens',
  'reasoning',
  'tokensPerSecond',
  'chunking',
  'pauses',
  'cut',
  'kept',
  'endMarkers',
  'finishReason',
  'usage',
]

const CHUNKINGS = new Set<unknown>(['event', 'line', 'byte', 'whole'])
const CUTS = new Set<unknown>(['end', 'close', 'reset', 'error'])

const FIELDS: Record<Step['kind'], readonly string[]> = {
  answer: ['kind', ...ANSWER],
  status: ['kind', 'status', 'headers', 'body', 'hint', 'headersAfterMs'],
  html: ['kind', 'status', 'html', 'headersAfterMs'],
  reset: ['kind', 'afterMs'],
  hang: ['kind'],
}

function checkStep(step: unknown): string | undefined {
  if (!isRecord(step)) return 'expected an object'
  const { kind } = step
  if (typeof kind !== 'string' || !Object.hasOwn(FIELDS, kind)) {
    return `kind is ${JSON.stringify(kind)}, expected one of ${Object.keys(FIELDS).join(', ')}`
  }
  const fields = FIELDS[kind as Step['kind']]
  if (kind === 'answer') return checkAnswer(step, fields)
  if (kind === 'status' && !(Number.isInteger(step.status) && inRange(step.status, 200, 599))) {
    return 'status must be an integer from 200 to 599'
  }
  const unknown = unknownField(step, fields)
  return unknown && `unknown field ${unknown}`
}

function checkAnswer(answer: unknown, fields: readonly string[]): string | undefined {
  if (!isRecord(answer)) return 'expected an object'
  const unknown = unknownField(answer, fields)
  if (unknown) return `unknown field ${unknown}`
  const { chunking, pauses = [], cut } = answer
  const sized = Number.isInteger(chunking) && inRange(chunking, 1, 2 ** 20)
  if (chunking !== undefined && !sized && !CHUNKINGS.has(chunking)) {
    return 'chunking must be event, line, byte, whole or a number of bytes'
  }
  if (!Array.isArray(pauses)) return 'pauses must be an array'
  for (const pause of pauses) {
    if (!isRecord(pause) || unknownField(pause, ['ms', 'afterTokens', 'send', 'everyMs'])) {
      return 'a pause takes ms, afterTokens, send and everyMs'
    }
    if (pause.ms !== 'forever' && !inRange(pause.ms, 0, 2 ** 31 - 1))
      return "a pause's ms must be a number or 'forever'"
    if (pause.everyMs !== undefined && !inRange(pause.everyMs, 1, 2 ** 31 - 1)) {
      return "a pause's everyMs must be at least 1"
    }
  }
  if (cut === undefined) return undefined
  if (!isRecord(cut) || unknownField(cut, ['afterTokens', 'by', 'error', 'named'])) {
    return 'cut takes afterTokens, by, error and named'
  }
  return CUTS.has(cut.by) ? undefined : 'cut.by must be end, close, reset or error'
}

function unknownField(record: Record<string, unknown>, known: readonly string[]): string | undefined {
  return Object.keys(record).find((field) => !known.includes(field))
}

function inRange(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max
}
