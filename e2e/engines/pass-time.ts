/** Moves the wall clock. Runs in the worker; it must stand alone. */
export function passTime(ms: number): void {
  const now = Date.now
  Date.now = () => now() + ms
}
