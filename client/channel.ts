import type { Calls, Reply, ToWorker } from '../core/messages/message.ts'
import { PROTOCOL_HEADER } from '../core/messages/paths.ts'
import { ownUrl } from './request.ts'

/** A worker that has not answered by then is not going to, ms. */
const REPLY_MS = 10_000

/**
 * Asks a worker and resolves with its response.
 *
 * @param limitMs how long it may take; default 10 s
 * @param look what takes longer goes on, and nobody waits for it, if this shows that the worker lives; default: it fails
 * @throws {Error} when the worker fails, does not know the call or does not answer in time.
 */
export function call<Name extends keyof Calls>(
  worker: ServiceWorker,
  name: Name,
  args: Calls[Name][0],
  limitMs = REPLY_MS,
  look?: () => Promise<unknown>,
): Promise<Calls[Name][1]> {
  return new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel()
    const fail = (why: string) => {
      port1.close()
      reject(new Error(`Cannot call ${name}: ${why}`))
    }
    const late = () => (look ? look().then(() => resolve(undefined), reject) : fail('no reply in time'))
    const timer = setTimeout(late, limitMs)
    port1.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      clearTimeout(timer)
      if (!data.ok) return fail(data.message)
      port1.close()
      resolve(data.result as Calls[Name][1])
    })
    port1.start()
    worker.postMessage({ streamkeeper: 1, type: 'call', name, args }, [port2])
  })
}

/** True if a request for a path of ours is responded to by a worker of ours, and not by a server. */
export function reaches(path: string, init: RequestInit): Promise<boolean> {
  return fetch(ownUrl(path), init).then(
    ({ headers }) => headers.has(PROTOCOL_HEADER),
    () => false,
  )
}

/** Tells a worker something that has no response. */
export function post(
  worker: ServiceWorker,
  type: 'ping' | 'wake' | 'leaving' | 'staying' | 'takeover',
): void {
  worker.postMessage({ streamkeeper: 1, type } satisfies ToWorker)
}
