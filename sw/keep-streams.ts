import { type Clock, sleep, systemClock } from '../core/clock.ts'
import { checkOptions } from '../core/options/check.ts'
import type { Options } from '../core/options/options.ts'
import { compileRoutes, matchRoute } from '../core/options/routes.ts'
import { isOurs } from '../core/protocol/message.ts'
import { answerCall } from './calls.ts'
import { createChats } from './chats.ts'
import { createNotify } from './notify.ts'
import { createOutbox, SYNC_TAG } from './outbox/outbox.ts'
import { readBody } from './reissue.ts'
import { worker } from './worker.ts'

/** `waitUntil` keeps the worker for its event, but the browser kills what waits for 300 s. ms. */
const KEEP_AWAKE_MS = 240_000

let isKeeping = false

/**
 * Keeps chat streams and saved messages in this worker. Call it once, at top level, before the worker's other `fetch`
 * listeners: requests that are not configured are left to them untouched.
 *
 * @throws {TypeError} naming a wrong option, or when called twice.
 */
export function keepStreams(given: Options): void {
  const options = checkOptions(given)
  if (isKeeping) throw new TypeError('keepStreams() was called twice: one worker keeps one set of options')
  isKeeping = true

  const { scope } = worker.registration
  const clock: Clock = systemClock
  const chatRoutes = compileRoutes('chat', options.chat, scope)
  const saveRoutes = compileRoutes('saves', options.saves, scope)
  const notify = createNotify(scope, () => outbox.counts(), options.debug === true)
  const chats = createChats({ options, clock, random: Math.random, notify })
  const outbox = createOutbox({})

  worker.addEventListener('fetch', (event) => {
    const { request } = event
    if (!mayBeOurs(request)) return
    const save = matchRoute(saveRoutes, request.method, request.url)
    if (save) {
      const response = readBody(request).then((body) => outbox.accept(request, body, save, event.clientId))
      event.respondWith(response)
      return
    }
    const chat = request.mode !== 'no-cors' && matchRoute(chatRoutes, request.method, request.url)
    if (!chat) return
    const { response, finished } = chats.handle(request, event.clientId, chat)
    event.respondWith(response)
    event.waitUntil(atMost(finished))
  })

  worker.addEventListener('message', (event) => {
    const message: unknown = event.data
    if (!isOurs(message)) return
    switch (message.type) {
      case 'cancel':
        return chats.cancel(message.requestId)
      case 'wake':
        return event.waitUntil(atMost(outbox.drain()))
      case 'ping':
        return // That it came is all: it keeps the worker alive.
      case 'call':
        return event.waitUntil(atMost(answerCall(message, event)))
    }
  })

  function atMost(work: Promise<unknown>): Promise<unknown> {
    const over = new AbortController()
    return Promise.race([work, sleep(clock, KEEP_AWAKE_MS, over.signal)]).finally(() => over.abort())
  }
}

/** What a worker must leave alone whatever its URL: documents, their parts, and what cannot be sent again. */
function mayBeOurs(request: Request): boolean {
  return (
    request.mode !== 'navigate' &&
    request.destination === '' &&
    request.redirect === 'follow' &&
    !request.headers.has('range') &&
    (request.mode !== 'no-cors' || new URL(request.url).origin === worker.location.origin)
  )
}
