import type { Clock } from '../../core/clock.ts'

/** Browsers stop a worker after 30 s without a sign of life. ms */
const BEAT_MS = 15_000

/**
 * A Response that continues while there is work. A page that reads it keeps the worker awake, even hidden or frozen,
 * when its timers are throttled.
 */
export function stayAwake(clock: Clock, isUnderWay: () => boolean): Response {
  let stop = () => {}
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      const beat = () => {
        if (!isUnderWay()) return controller.close()
        controller.enqueue(new TextEncoder().encode('\n'))
        stop = clock.timer(BEAT_MS, beat)
      }
      beat()
    },
    cancel: () => stop(),
  })
  return new Response(body, {
    headers: {
      'content-type': 'text/plain',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}
