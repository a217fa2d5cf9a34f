// An app's own worker without a bundler: the ready-made file inside of it does nothing by itself.
importScripts('/streamkeeper-sw.js')
self.streamkeeper.keepStreams({
  chat: ['v1/chat/completions'],
  saves: ['api/sessions/:session/messages'],
})

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open('theirs').then((cache) => cache.add('/precached.txt')))
})
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url)
  if (pathname === '/whose') event.respondWith(new Response('theirs'))
  else event.respondWith(caches.match(event.request).then((cached) => cached ?? fetch(event.request)))
})
