import type { Seen } from './seen.ts'

const TICK_MS = 1_000

/** Looks whether this page is hidden, and how slowly its timers run, until `end` is called. */
export function watchPage(startedAt: number): {
  end: () => Pick<Seen, 'hiddenAtMs' | 'wasShownAgain' | 'slowestTickMs'>
} {
  let hiddenAtMs: number | undefined
  let wasShownAgain = false
  let slowestTickMs = 0
  let tickedAt = performance.now()

  const look = () => {
    if (document.visibilityState === 'hidden') hiddenAtMs ??= Date.now() - startedAt
    else if (hiddenAtMs !== undefined) wasShownAgain = true
  }
  const tick = () => {
    const now = performance.now()
    slowestTickMs = Math.max(slowestTickMs, now - tickedAt)
    tickedAt = now
  }
  const ticking = setInterval(tick, TICK_MS)
  document.addEventListener('visibilitychange', look)
  look()

  return {
    end: () => {
      look()
      tick()
      clearInterval(ticking)
      document.removeEventListener('visibilitychange', look)
      return { ...(hiddenAtMs === undefined ? {} : { hiddenAtMs }), wasShownAgain, slowestTickMs }
    },
  }
}
