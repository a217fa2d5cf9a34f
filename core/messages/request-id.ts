/** The header that connects a page's request with its statuses; the worker strips it. */
export const REQUEST_ID_HEADER = 'X-Streamkeeper-Id'

/** Returns the id if it has the agreed form, otherwise `undefined`: a foreign value is ignored, not refused. */
export function readRequestId(value: string | null | undefined): string | undefined {
  return value && /^[A-Za-z0-9_-]{1,64}$/.test(value) ? value : undefined
}

/** Creates a request id: 32 random hexadecimal digits. (`crypto.randomUUID` is missing on plain http pages.) */
export function createRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
