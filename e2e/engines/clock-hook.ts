import type { Page } from '../support/page.ts'

/**
 * Code that is added to the ready-made worker if its scope cannot be reached from outside: a message moves its wall clock.
 * Workers live on, so the message reaches the one that controls the page.
 */
export const CLOCK_HOOK = `
addEventListener('message', ({ data, ports: [port] }) => {
  if (!data?.passWorkerTime) return
  const now = Date.now
  Date.now = () => now() + data.passWorkerTime
  port.postMessage(null)
})
`

/** Moves the wall clock of the worker that controls a page, by its hook. */
export function passTimeByMessage(page: Page, ms: number): Promise<void> {
  return page.evaluate(async (passWorkerTime) => {
    const { port1, port2 } = new MessageChannel()
    const done = new Promise((resolve) => port1.addEventListener('message', resolve))
    port1.start()
    navigator.serviceWorker.controller?.postMessage({ passWorkerTime }, [port2])
    await done
  }, ms)
}
