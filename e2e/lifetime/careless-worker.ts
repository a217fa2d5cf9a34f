/**
 * A worker as most would write it: it passes a stream on, and asks the browser to wait for its end. Chromium cuts that after
 * five minutes, Firefox after one. As long as it does, this place can tell a stream that is cut from one that is not.
 */
export const CARELESS_WORKER = `
addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('fetch', (event) => {
  if (!event.request.url.endsWith('/v1/chat/completions')) return
  const { readable, writable } = new TransformStream()
  event.respondWith(new Response(readable, { headers: { 'content-type': 'text/event-stream' } }))
  event.waitUntil(fetch(event.request).then(({ body }) => body.pipeTo(writable)))
})
`
