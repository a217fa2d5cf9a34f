import type { RouteHandlerCallback } from 'workbox-core/types.js'
import type { Options } from '../core/options/options.ts'
import { installHandlers, type Installed } from './install-handlers.ts'
import { isEligible } from './is-eligible.ts'
import { warnOnSkipWaiting } from './lifecycle/warn-on-skip-waiting.ts'

let kept: Installed | undefined

/**
 * Keeps chat streams and saved messages in this worker. Call it once, at top level, before the worker's other `fetch`
 * listeners: requests that are not configured are left to them untouched.
 *
 * @throws {TypeError} naming a wrong option, or if it is called twice.
 */
export function keepStreams(options: Options): void {
  if (kept) throw new TypeError('keepStreams() was called twice: one worker keeps one set of options')
  kept = installHandlers(options)
  warnOnSkipWaiting(kept.activity)
}

/**
 * A Workbox route handler: it handles a chat, whatever its URL, like one that `keepStreams` matches itself. For routes
 * that need more than a URL pattern.
 *
 *     keepStreams({ saves: [...] })
 *     registerRoute(isChat, chatHandler(), 'POST')
 *
 * @throws {TypeError} if `keepStreams` was not called before.
 */
export function chatHandler(): RouteHandlerCallback {
  if (!kept) throw new TypeError('chatHandler() was called before keepStreams()')
  const { takeChat } = kept
  return ({ event, request }) => {
    if (!isEligible(request)) return fetch(request)
    // Workbox passes on whatever event it was given.
    const clientId = 'clientId' in event ? (event as FetchEvent).clientId : ''
    return takeChat(event, request, clientId)
  }
}
