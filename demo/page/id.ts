/** A new id that sorts by time; the app names its own messages, so that nothing waits for a server to do it. */
export function createId(now = Date.now()): string {
  const chance = crypto.getRandomValues(new Uint8Array(8))
  const tail = Array.from(chance, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${now.toString(36)}-${tail}`
}
