// A copied worker of another version, whose protocol this page does not speak.
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', () => {})
self.addEventListener('message', ({ data, ports }) => {
  if (data?.name !== 'hello') return
  ports[0].postMessage({ ok: true, result: { protocol: 0, version: '0.0.1', options: '{}' } })
})
