import { MAX_TIMER_MS } from '../core/max-timer.ts'
import type { StatusStore } from './status-store.ts'

/** Firefox stops a worker that receives nothing from a page for 30 s, and its streams with it. ms */
const PING_MS = 10_000

/** After this many pings the worker's state is read again: a worker that died reported no ends. */
const PINGS_PER_LOOK = 6

export interface KeepAwake {
  /**
   * Tells the worker that a page is there (`ping`), that it is about to leave (`leaving`), that it did not (`staying`),
   * or that now is a good time for its outbox (`wake`).
   */
  post: (type: 'ping' | 'leaving' | 'staying' | 'wake') => void
  /** Asks the worker for its state. */
  look: () => Promise<unknown>
  /** Reads the worker's keep-awake response; resolves when there is no more work. */
  listen: (signal: AbortSignal) => Promise<unknown>
}

/** Keeps the worker awake while anything is under way, in any tab, and wakes it when there is a reason. */
export function keepAwake(store: StatusStore, { post, look, listen }: KeepAwake, signal: AbortSignal): void {
  let pinging: ReturnType<typeof setInterval> | undefined
  let alarm: ReturnType<typeof setTimeout> | undefined
  /** True if the page has announced that it may leave, and has not been used since. */
  let mayBeLeaving = false
  let pings = 0
  let listening: AbortController | undefined

  /** For work that takes longer than a moment: a page whose timers are throttled still listens. */
  const stayAwake = () => {
    if (listening) return
    const current = (listening = new AbortController())
    listen(current.signal)
      .catch(() => {}) // Stopped, or the worker died; the next ping tries again.
      .finally(() => {
        if (listening === current) listening = undefined
      })
  }
  const ping = () => {
    post('ping')
    stayAwake()
    if (++pings % PINGS_PER_LOOK === 0) look().catch(() => {}) // No response, no news.
  }
  const wake = () => post('wake')
  const stay = () => {
    if (mayBeLeaving) post('staying')
    mayBeLeaving = false
  }
  const leave = () => post('leaving')
  /**
   * A download or a `mailto:` link announces an unload that does not come; if a server is slow, the page lives on until
   * it does.
   */
  const mayLeave = () => {
    stay() // It was announced before, and did not come.
    mayBeLeaving = true
    leave()
  }

  store.subscribe(({ requests, outbox: { queued, nextAttemptAt = Infinity } }) => {
    const waitMs = nextAttemptAt - Date.now()
    // A saved message whose time has not come, or that waits for credentials, needs no worker until then.
    if (requests.length || (queued && waitMs <= 0)) {
      pinging ??= setInterval(ping, PING_MS)
    } else {
      clearInterval(pinging)
      pinging = undefined
      listening?.abort()
    }
    clearTimeout(alarm)
    if (waitMs > 0 && waitMs < Infinity) alarm = setTimeout(wake, Math.min(waitMs, MAX_TIMER_MS))
  })

  addEventListener('beforeunload', mayLeave, { signal })
  for (const type of ['pointerdown', 'keydown']) addEventListener(type, stay, { signal, capture: true })
  addEventListener('pagehide', ({ persisted }) => persisted || leave(), { signal })
  addEventListener('online', wake, { signal })
  addEventListener(
    'pageshow',
    ({ persisted }) => {
      wake()
      if (persisted) look().catch(() => {}) // As above.
    },
    { signal },
  )
  document.addEventListener('visibilitychange', () => document.hidden || wake(), { signal })
}
