import type { Answer } from '../answer.ts'

/** How a protocol says an answer. All text goes to the wire as it is; `''` is nothing. */
export interface Dialect {
  /** A new answer of this protocol; it remembers what it has said. */
  speak: (answer: Answer) => Speech
  /** The same answer as one JSON. */
  whole: (answer: Answer) => unknown
}

export interface Speech {
  /** Before the first output; said once. */
  begin: () => string
  output: (kind: 'reasoning' | 'text', text: string) => string
  /** The end marker that says why the answer ends. */
  finish: () => string
  /** Said between `finish` and `done`, when the request asks for it. */
  usage: () => string
  /** The end marker that follows it. */
  done: () => string
  /** A failure in mid-stream; `error` is the provider's own. */
  fail: (error: Readonly<Record<string, unknown>>, named: boolean) => string
}

/** Outputs in an answer's order. */
export function outputsOf({ reasoning, content }: Answer): { kind: 'reasoning' | 'text'; text: string }[] {
  return [
    ...reasoning.map((text) => ({ kind: 'reasoning' as const, text })),
    ...content.map((text) => ({ kind: 'text' as const, text })),
  ]
}

/** One event of a stream, without a name. */
export function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

/** One event, named by its own `type`. */
export function namedEvent(data: { type: string; [field: string]: unknown }): string {
  return `event: ${data.type}\n${event(data)}`
}
