/** Keeps a page's requests and calls in order, for browsers that may reorder them. */
export interface RequestOrder {
  /**
   * Waits until a request of the app may be sent, or its signal aborts: `fetch` then rejects immediately, and sends
   * nothing. `undefined`: it may be sent now. Never rejects.
   */
  held: (isSave: boolean) => ((signal: AbortSignal) => Promise<void>) | undefined
  /**
   * Notes a request of the app: later calls wait for it if it is a save. If a starting worker gets requests out of
   * order, they also wait for a chat, and a save waits for the save before it.
   */
  sent: (response: Promise<unknown>, isSave: boolean) => void
  /** Makes a call once all earlier requests and calls have arrived; later ones wait for it. */
  call: <Result>(make: () => Promise<Result>) => Promise<Result>
}

/** The longest wait for earlier requests, ms: a chat has its Response only with its first output. */
const ARRIVAL_MS = 1_000

/**
 * A request that has a response has arrived.
 *
 * @param page once it is being unloaded, nothing waits any more
 * @param reorders as `BrowserLimits.reorders`
 */
export function createRequestOrder(page: EventTarget, reorders: 'starting' | 'dying'): RequestOrder {
  const requests = new Set<Promise<unknown>>()
  /** The last call, and the last save. */
  let calling: Promise<unknown> | undefined
  let saving: Promise<unknown> | undefined
  let isGoing = false
  // Ahead of the app's own listeners, which may send something.
  page.addEventListener('pagehide', () => (isGoing = true), { capture: true })
  page.addEventListener('pageshow', () => (isGoing = false))

  const arrivalOf = (before: readonly Promise<unknown>[], signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal?.aborted) return resolve()
      const arrived = () => {
        clearTimeout(patience)
        page.removeEventListener('pagehide', arrived)
        signal?.removeEventListener('abort', arrived)
        resolve()
      }
      const patience = setTimeout(arrived, ARRIVAL_MS)
      page.addEventListener('pagehide', arrived)
      signal?.addEventListener('abort', arrived)
      void Promise.allSettled(before).then(arrived)
    })

  return {
    held: (isSave) => {
      const before = [calling, isSave ? saving : undefined].filter((each) => each !== undefined)
      return before.length > 0 && !isGoing ? (signal) => arrivalOf(before, signal) : undefined
    },
    sent: (response, isSave) => {
      const forget = () => {
        requests.delete(response)
        if (saving === response) saving = undefined
      }
      // If the order is almost always kept, nothing waits for a chat, which may take long.
      if (isSave || reorders === 'starting') requests.add(response)
      if (isSave && reorders === 'starting') saving = response
      response.then(forget, forget)
    },
    call: (make) => {
      const before = calling ? [...requests, calling] : [...requests]
      const making = before.length > 0 && !isGoing ? arrivalOf(before).then(make) : make()
      const forget = () => {
        if (calling === making) calling = undefined
      }
      calling = making
      making.then(forget, forget)
      return making
    },
  }
}
