/** A digest that identifies a request: the same for the same method, URL and body. */
export async function digestRequest(
  { method, url }: { method: string; url: string },
  body: ArrayBuffer | null,
): Promise<string> {
  const head = new TextEncoder().encode(`${method} ${url}\n`)
  const whole = new Uint8Array(head.length + (body?.byteLength ?? 0))
  whole.set(head)
  if (body) whole.set(new Uint8Array(body), head.length)
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', whole))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
