/** Nothing decisive comes later in an error. */
const MAX_FIELDS = 5_000
/** No refusal is read further. Characters. */
const MAX_TEXT = 64 * 1024

/** Fields that quote the request or the model's words: they say nothing about the error. */
const QUOTED = /^(?:input|output|messages|content|prompt|instructions|request|tools|failed_generation)$/

/** A text or a number in an error, and the name of its field. */
export type Field = readonly [name: string, value: string | number]

/**
 * Every text and number in a value, outer ones first, with the name of its field (empty for the value itself). JSON in
 * a text is read, too, because gateways quote the upstream's error like that, and so is an exception that is a field's
 * name (`{"throttlingException":{…}}`). Values of any other kind are absent.
 */
export function fieldsIn(value: unknown): Field[] {
  const fields: Field[] = []
  let level: [name: string, value: unknown][] = [['', value]]
  while (level.length > 0) {
    const next: typeof level = []
    for (const [name, provided] of level) {
      if (fields.length >= MAX_FIELDS) return fields
      const found = typeof provided === 'string' ? readText(provided) : provided
      if (typeof found === 'string' || typeof found === 'number') fields.push([name, found])
      if (typeof found !== 'object' || found === null) continue
      if (/exception$/i.test(name)) fields.push(['exception', name])
      for (const [field, inner] of Object.entries(found)) {
        // A duration as protobuf writes it: { retryDelay: { seconds: 34 } }.
        const known = Array.isArray(found) || field === 'seconds' ? name : field
        if (!QUOTED.test(known)) next.push([known, inner])
      }
    }
    level = next
  }
  return fields
}

function readText(text: string): unknown {
  if (text.length > MAX_TEXT) return text.slice(0, MAX_TEXT)
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text // Prose that only begins like JSON.
  }
}
