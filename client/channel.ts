import type { Calls, Reply, ToWorker } from '../core/messages/message.ts'
import { PROTOCOL_HEADER } from '../core/messages/paths.ts'
import { ownUrl } from './request.ts'

/** A worker that has not replied by then will not, ms. */
const REPLY_MS = 10_000

/**
 * Calls a worker and resolves with its reply.
 *
 * @param limitMs how long it may take; default 10 s
 * @param look checks that the worker lives; if it does, a call that takes longer continues, and resolves without a
 *   result; default: it fails
 * @throws {Error} if the worker fails, does not know the call or does not reply in time.
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

/** True if one of our workers, and not a server, responds to a request for one of our paths. */
export function reaches(path: string, init: RequestInit): Promise<boolean> {
  return fetch(ownUrl(path), init).then(
    ({ headers }) => headers.has(PROTOCOL_HEADER),
    () => false,
  )
}

/** Sends a worker a message that has no reply. */
export function post(
  worker: ServiceWorker,
  type: 'ping' | 'wake' | 'leaving' | 'staying' | 'takeover',
): void {
  worker.postMessage({ streamkeeper: 1, type } satisfies ToWorker)
}
