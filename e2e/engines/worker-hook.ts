import type { Page } from '../support/page.ts'

/**
 * What is added to a worker whose scope cannot be reached from outside: a message runs a function there. Workers live
 * on, so the message reaches the active one.
 */
export const WORKER_HOOK = `
addEventListener('message', (event) => {
  const { data, ports: [port] } = event
  if (!data?.run) return
  event.waitUntil(
    Promise.resolve()
      .then(() => (0, eval)('(' + data.run + ')')(data.argument))
      .then((value) => port.postMessage({ value }), (error) => port.postMessage({ error: String(error) })),
  )
})
`

/** Runs a function in the worker that controls a page, else in the one that its site has, by the hook. */
export async function runByMessage<Result, Argument>(
  page: Page,
  run: (argument: Argument) => Result | Promise<Result>,
  argument?: Argument,
): Promise<Result> {
  const { value, error } = await page.evaluate(
    async (message) => {
      const { controller } = navigator.serviceWorker
      const worker = controller ?? (await navigator.serviceWorker.getRegistration())?.active
      const { port1, port2 } = new MessageChannel()
      const answered = new Promise<{ value: Result; error?: string }>((resolve) =>
        port1.addEventListener('message', ({ data }) => resolve(data)),
      )
      port1.start()
      worker?.postMessage(message, [port2])
      return answered
    },
    { run: String(run), argument },
  )
  if (error !== undefined) throw new Error(error)
  return value
}
