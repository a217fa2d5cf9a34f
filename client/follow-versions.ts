import type { StatusStore } from './status-store.ts'
import { post } from './channel.ts'

/**
 * A new version of the worker waits while anything is under way; every page tells it when its own work is done, and it
 * takes over when nobody has any. No page is ever reloaded for it.
 */
export function followVersions(
  registration: ServiceWorkerRegistration,
  store: StatusStore,
  container: ServiceWorkerContainer,
  signal: AbortSignal,
): void {
  let told: ServiceWorker | undefined
  let controller = container.controller

  const hear = (status: 'worker_waiting' | 'worker_updated', message: string) =>
    store.hear({ status, message, at: Date.now(), own: true })

  const offer = () => {
    const { waiting, active } = registration
    // Without an active version there is none to wait for.
    if (!waiting || !active) return
    if (told !== waiting) {
      told = waiting
      hear('worker_waiting', 'A new version takes over when nothing is under way')
    }
    if (store.getSnapshot().requests.length === 0) post(waiting, 'takeover')
  }

  const watch = () => registration.installing?.addEventListener('statechange', offer, { signal })
  watch()
  registration.addEventListener('updatefound', watch, { signal })
  container.addEventListener(
    'controllerchange',
    () => {
      if (controller && container.controller) hear('worker_updated', 'A new version has taken over')
      controller = container.controller
    },
    { signal },
  )
  signal.addEventListener('abort', store.subscribe(offer))
}
