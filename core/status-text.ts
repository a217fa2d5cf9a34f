/**
 * The reason phrase of a response, as a new Response takes it. Node reads a status line as UTF-8, and then refuses what
 * it has read. Chromium, Firefox and WebKit read it as Latin-1, which passes; Chromium and WebKit refuse the control
 * characters that they have read.
 */
export function statusTextOf({ statusText }: Response): string {
  return statusText.replace(/[^ -ÿ]/g, '')
}
