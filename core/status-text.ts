/**
 * The reason phrase of a response, as a new Response takes it. Node reads a status line as UTF-8, and refuses then what
 * it has read; a browser reads it as Latin-1, which passes.
 */
export function statusTextOf({ statusText }: Response): string {
  return statusText.replace(/[^\t -~\x80-\xff]/g, '')
}
