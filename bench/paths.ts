import type { Options } from '../client/index.ts'

/** One way between the server and the page. */
export interface Path {
  name: string
  title: string
  /** Ours, as built, with its options; the script of another worker; or none. */
  worker: { options: Options } | { source: string } | null
}

/** Of whichever origin the server has. */
const CHAT = 'http://127.0.0.1:*/v1/chat/completions'

const CONTROL = `
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
`

/**
 * The least that a worker does which could try a request again, and know it after its own death: it keeps the body, has the
 * browser take a record, sends a request of its own, waits for the first bytes, and answers with a stream of its own.
 */
const BARE = `${CONTROL}
const database = new Promise((resolve, reject) => {
  const opening = indexedDB.open('bare', 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore('records')
  opening.onsuccess = () => resolve(opening.result)
  opening.onerror = () => reject(opening.error)
})

async function record(bytes) {
  const transaction = (await database).transaction('records', 'readwrite', { durability: 'relaxed' })
  const putting = transaction.objectStore('records').put(bytes, Date.now())
  await new Promise((resolve) => (putting.onsuccess = resolve))
  transaction.commit()
}

async function answer(request) {
  const { url, method, headers } = request
  const body = await request.arrayBuffer()
  await record(body.byteLength)
  const response = await fetch(url, { method, headers, body })
  const reader = response.body.getReader()
  let next = await reader.read()
  const stream = new ReadableStream({
    async pull(controller) {
      if (next.done) return controller.close()
      controller.enqueue(next.value)
      next = await reader.read()
    },
  })
  return new Response(stream, response)
}

self.addEventListener('fetch', (event) => {
  if (event.request.method === 'POST') event.respondWith(answer(event.request))
})`

/** The first is what the others are compared with. */
export const PATHS: readonly Path[] = [
  { name: 'none', title: 'no worker', worker: null },
  {
    name: 'idle',
    title: 'worker present, request not handled',
    // A listener that never answers anything is left out by Chromium altogether: this one would.
    worker: {
      source: `${CONTROL}
self.addEventListener('fetch', (event) => {
  if (event.request.url.endsWith('/never')) event.respondWith(new Response())
})`,
    },
  },
  {
    name: 'relay',
    title: '`respondWith(fetch())`',
    worker: {
      source: `${CONTROL}\nself.addEventListener('fetch', (event) => event.respondWith(fetch(event.request)))`,
    },
  },
  { name: 'bare', title: 'a worker that could only try again', worker: { source: BARE } },
  { name: 'disk', title: 'streamkeeper', worker: { options: { chat: [CHAT] } } },
  {
    name: 'memory',
    title: "streamkeeper, `journal: 'memory'`",
    worker: { options: { chat: [{ url: CHAT, journal: 'memory' }] } },
  },
  {
    name: 'off',
    title: 'streamkeeper, `journal: false`',
    worker: { options: { chat: [{ url: CHAT, journal: false }] } },
  },
]
