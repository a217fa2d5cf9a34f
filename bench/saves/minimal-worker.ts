/**
 * A worker that stores each save as streamkeeper does, side by side in IndexedDB and in the Cache API, each in one step,
 * and answers. It does nothing else: neither order, nor people, nor sending.
 */
export const MINIMAL_WORKER = `
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

const database = new Promise((resolve, reject) => {
  const opening = indexedDB.open('minimal', 1)
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore('entries', { keyPath: 'id' })
    opening.result.createObjectStore('latest')
  }
  opening.onsuccess = () => resolve(opening.result)
  opening.onerror = () => reject(opening.error)
})
const cache = caches.open('minimal')

async function putIndex(entry) {
  const transaction = (await database).transaction(['entries', 'latest'], 'readwrite')
  transaction.objectStore('entries').put(entry)
  transaction.objectStore('latest').put(entry.id, 'id')
  transaction.commit()
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve
    transaction.onabort = () => reject(transaction.error)
  })
}

async function putMessage(record, body) {
  const headers = { 'X-Record': encodeURIComponent(JSON.stringify(record)) }
  await (await cache).put('/minimal/' + record.id, new Response(body, { headers }))
}

async function save(request, clientId) {
  const { url, method, mode, credentials, referrer, referrerPolicy } = request
  const body = await request.arrayBuffer()
  const id = Date.now().toString(36) + '-' + crypto.randomUUID().slice(0, 8)
  const headers = [...request.headers, ['Idempotency-Key', crypto.randomUUID()]]
  const conversation = new URL(url).pathname
  const record = { id, clientId, conversation, url, method, mode, credentials, referrer, referrerPolicy, headers }
  const entry = { ...record, createdAt: Date.now(), state: 'queued', attempts: 0, failures: 0 }
  await Promise.all([putIndex(entry), putMessage(record, body)])
  return Response.json({ id, status: 'queued' }, { status: 202 })
}

self.addEventListener('fetch', (event) => {
  const { request, clientId } = event
  if (request.method === 'POST' && new URL(request.url).pathname.startsWith('/saves/'))
    event.respondWith(save(request, clientId))
})`
