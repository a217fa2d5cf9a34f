// An app's worker whose own listener comes first and takes everything: none of it comes to `keepStreams`.
import { keepStreams } from '../../sw/index.ts'
import { options } from './options.ts'

const worker = self as unknown as ServiceWorkerGlobalScope

worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))
worker.addEventListener('fetch', (event) => event.respondWith(fetch(event.request)))

keepStreams(options)
