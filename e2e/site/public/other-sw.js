// Somebody else's worker, at the scope where ours would be: it answers one URL and leaves the rest alone.
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname === '/whose') event.respondWith(new Response('theirs'))
})
