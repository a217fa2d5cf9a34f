/** True if a media type says: server-sent events. */
export function isEventStream(type: string): boolean {
  return /^text\/event-stream\s*(;|$)/i.test(type)
}

/** True if a media type says: a JSON value a line. */
export function isJsonLines(type: string): boolean {
  return /^application\/(x-)?(nd-?json|jsonl(ines)?|json-seq|stream\+json)\s*(;|$)/i.test(type)
}

/** True if a media type says: JSON. */
export function isJson(type: string): boolean {
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)
}

/** True if a media type says: a page of HTML. */
export function isHtml(type: string): boolean {
  return /^(text\/html|application\/xhtml\+xml)\s*(;|$)/i.test(type)
}
