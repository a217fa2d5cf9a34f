import type { Options } from '../core/options/options.ts'
import type { KeeperReason } from './keeper.ts'
import { optionsText } from './script-url.ts'

/** Tells the developer why there is no worker; the page reads it from `keeper.reason`. */
export function explain(reason: KeeperReason): void {
  const text = EXPLANATIONS[reason]
  if (text) warn(text)
}

const EXPLANATIONS: Partial<Record<KeeperReason, string>> = {
  other_worker:
    'Cannot use the worker of this scope: it is not ours. Call keepStreams() in it, and register(undefined, options)',
  other_listener:
    "Cannot keep this page's streams: another fetch listener of its worker takes requests first. Call keepStreams() before it",
  no_worker:
    'Cannot find a worker: register yours, which calls keepStreams(); register(undefined, options) waits for it',
  version_mismatch:
    'Cannot use the worker: its version does not match this client. Update it: npx streamkeeper init <publicDir>',
  out_of_scope: 'Cannot use the worker here: this page is outside its scope',
}

/** Warns if the worker's options differ from this page's. `scope`: what the worker's patterns are relative to. */
export function compareOptions(options: Options, running: Options, scope: string): void {
  const wanted = optionsText(options, document.baseURI)
  if (wanted !== '{}' && wanted !== optionsText(running, scope)) {
    warn("The worker runs with other options; this page's options apply from the worker's next version on")
  }
}

export function warn(message: string): void {
  // oxlint-disable-next-line no-console
  console.warn(`[streamkeeper] ${message}`)
}
