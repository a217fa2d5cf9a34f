/** True for the media type of server-sent events. */
export function isEventStream(type: string): boolean {
  return /^text\/event-stream\s*(;|$)/i.test(type)
}

/** True for media types of one JSON value per line. */
export function isJsonLines(type: string): boolean {
  return /^application\/(x-)?(nd-?json|jsonl(ines)?|json-seq|stream\+json)\s*(;|$)/i.test(type)
}

/** True for media types of JSON. */
export function isJson(type: string): boolean {
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)
}

/** True for media types of HTML pages. */
export function isHtml(type: string): boolean {
  return /^(text\/html|application\/xhtml\+xml)\s*(;|$)/i.test(type)
}
