// An app's own worker, written by hand: it has a cache, a route, and takes over when its page says so.
import { keepStreams, whenIdle } from '../../sw/index.ts'
import { options } from './options.ts'

const worker = self as unknown as ServiceWorkerGlobalScope

keepStreams(options)

worker.addEventListener('install', (event) => {
  event.waitUntil(caches.open('theirs').then((cache) => cache.add('/precached.txt')))
})
worker.addEventListener('activate', (event) => {
  // Many leave the pages that are open as they are.
  if (worker.location.search !== '?claims=no') event.waitUntil(worker.clients.claim())
})
worker.addEventListener('message', (event) => {
  if (event.data === 'skip waiting') event.waitUntil(whenIdle().then(() => worker.skipWaiting()))
  if (event.data === 'skip waiting now') void worker.skipWaiting()
})
worker.addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url)
  if (pathname === '/whose') event.respondWith(new Response('theirs'))
  else event.respondWith(caches.match(event.request).then((cached) => cached ?? fetch(event.request)))
})
