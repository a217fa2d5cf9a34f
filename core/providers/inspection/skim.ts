import type { StreamEvent } from '../wire.ts'

/** True if a text may be the end of a JSON value. */
export function endsWhole(tail: string): boolean {
  return /[}\]]$/.test(tail.trimEnd())
}

/** A stand-in for a long event, built from marks in it, for wires whose events do not name their type. */
export function untypedEvent(head: string): StreamEvent {
  const isChunk = /"choices"\s{0,9}:\s{0,9}\[\s{0,9}\{/.test(head)
  const isResponse = /"candidates"\s{0,9}:\s{0,9}\[\s{0,9}\{\s{0,9}"(content|index|finishReason)"/.test(head)
  const data = isChunk ? { choices: [{ delta: {} }] } : isResponse ? { candidates: [{ content: {} }] } : {}
  return { text: '', data }
}

/** Reads the beginning of a long event. */
export function skimmedEvent(head: string): StreamEvent {
  const name = /^event: ?(.{1,99})$/m.exec(head)?.[1]?.trim()
  const type = /"type"\s{0,9}:\s{0,9}"([^"]{1,99})"/.exec(head)?.[1] ?? name
  const data = {
    ...(type === undefined ? {} : { type }),
    output_index: 0,
    index: 0,
    delta: {},
    ...idsIn(head),
  }
  return { name, text: head, data }
}

function idsIn(head: string): Record<string, string> {
  const ids: Record<string, string> = {}
  for (const [, field, id] of head.matchAll(
    /"(id|toolCallId|messageId|runId)"\s{0,9}:\s{0,9}"([^"]{1,99})"/g,
  )) {
    if (field !== undefined && id !== undefined) ids[field] ??= id
  }
  return ids
}
