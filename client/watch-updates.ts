import type { StatusStore } from './status-store.ts'
import { post } from './channel.ts'

/**
 * A new version of the worker waits while anything is under way; every page tells it when its own work is done, and it
 * takes over when no page has any. No page is reloaded.
 */
export function watchUpdates(
  registration: ServiceWorkerRegistration,
  store: StatusStore,
  container: ServiceWorkerContainer,
  signal: AbortSignal,
): void {
  let announced: ServiceWorker | undefined
  let controller = container.controller

  const emit = (status: 'worker_waiting' | 'worker_updated', message: string) =>
    store.receive({ status, message, at: Date.now(), own: true })

  const offer = () => {
    const { waiting, active } = registration
    // Without an active version there is none to wait for.
    if (!waiting || !active) return
    if (announced !== waiting) {
      announced = waiting
      emit('worker_waiting', 'A new version takes over when nothing is under way')
    }
    if (store.getSnapshot().requests.length === 0) post(waiting, 'takeover')
  }

  const watch = () => registration.installing?.addEventListener('statechange', offer, { signal })
  watch()
  registration.addEventListener('updatefound', watch, { signal })
  container.addEventListener(
    'controllerchange',
    () => {
      if (controller && container.controller) emit('worker_updated', 'A new version has taken over')
      controller = container.controller
    },
    { signal },
  )
  signal.addEventListener('abort', store.subscribe(offer))
}
