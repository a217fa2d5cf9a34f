import { clientsClaim } from 'workbox-core/clientsClaim.js'
import { systemClock } from '../core/clock.ts'
import { readOptions } from '../core/options/query.ts'
import { keepStreams } from './keep-streams.ts'
import { takeOverWhenIdle } from './take-over.ts'
import { worker } from './worker.ts'

// The ready-made worker. `register()` puts its options in the script's own URL, for a worker must know them
// synchronously at every start. Loaded by another worker's `importScripts` it finds none there, and does nothing but
// offer `streamkeeper.keepStreams`.
const options = readOptions(worker.location.href)
if (options !== undefined) {
  clientsClaim()
  takeOverWhenIdle(systemClock)
  keepStreams(options)
}

export { keepStreams }
