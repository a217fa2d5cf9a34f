import { clientsClaim } from 'workbox-core/clientsClaim.js'
import { systemClock } from '../core/clock.ts'
import { checkOptions } from '../core/options/check.ts'
import { checkAllRoutes } from '../core/options/check-routes.ts'
import type { Options } from '../core/options/options.ts'
import { readOptions } from '../core/options/query.ts'
import { installHandlers } from './install-handlers.ts'
import { keepStreams } from './keep-streams.ts'
import { retire } from './lifecycle/retire.ts'
import { routeStatically } from './lifecycle/static-routes.ts'
import { takeOverWhenIdle } from './lifecycle/take-over.ts'
import { worker } from './worker.ts'

declare global {
  /** `streamkeeper init --retire` sets it, in a line before this script. */
  var streamkeeperRetires: true | undefined
}

// The ready-made worker. `register()` puts its options in the script's own URL, because a worker must know them
// synchronously at every start. Loaded by another worker's `importScripts`, it finds none there, and only offers
// `streamkeeper.keepStreams`.
const { href } = worker.location
const options = globalThis.streamkeeperRetires ? readAny() : readOptions(href)
if (options && (globalThis.streamkeeperRetires || options.enabled === false)) retire(systemClock, options)
else if (options) {
  clientsClaim()
  takeOverWhenIdle(systemClock)
  installHandlers(options)
  routeStatically(options)
}

/** Wrong options must not keep a worker from retiring. */
function readAny(): Options | undefined {
  try {
    const provided = readOptions(href)
    if (provided) checkAllRoutes(checkOptions(provided), worker.registration.scope)
    return provided
  } catch {
    return {}
  }
}

export { keepStreams }
