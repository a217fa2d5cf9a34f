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

/** The work that a worker may do for a chat besides relaying it. */
export type BareStep = 'record' | 'digest' | 'end' | 'tell'

/**
 * A worker that sends a request of its own, waits for the first bytes, and answers with a stream of its own; beside that
 * it does these steps: digests the request, has the browser take a record before it is sent and one of its end, tells the
 * pages three times, in batches.
 */
export function bareWorker(...steps: readonly BareStep[]): string {
  return `${CONTROL}
const steps = new Set(${JSON.stringify(steps)})
const database = new Promise((resolve, reject) => {
  const opening = indexedDB.open('bare', 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore('records')
  opening.onsuccess = () => resolve(opening.result)
  opening.onerror = () => reject(opening.error)
})

async function record(value, id) {
  const transaction = (await database).transaction('records', 'readwrite', { durability: 'relaxed' })
  transaction.objectStore('records').put(value, id)
  transaction.commit()
}

let untold
async function tell(status) {
  if (untold) return untold.push(status)
  untold = [status]
  await new Promise((resolve) => setTimeout(resolve, 50))
  const batch = untold
  untold = undefined
  const pages = await clients.matchAll({ type: 'window', includeUncontrolled: true })
  for (const page of pages) for (const status of batch) page.postMessage(status)
}

async function answer(request) {
  const { url, method, headers } = request
  const id = crypto.randomUUID()
  const body = await request.arrayBuffer()
  if (steps.has('digest')) await crypto.subtle.digest('SHA-256', body)
  if (steps.has('record')) await record({ url, method, bytes: body.byteLength }, id)
  if (steps.has('tell')) tell({ status: 'started', id, url })
  const response = await fetch(url, { method, headers, body })
  const reader = response.body.getReader()
  let next = await reader.read()
  if (steps.has('tell')) tell({ status: 'first_output', id, url })
  const stream = new ReadableStream({
    async pull(controller) {
      if (next.done) {
        controller.close()
        if (steps.has('end')) record({ url, method, ended: true }, id)
        if (steps.has('tell')) tell({ status: 'finished', id, url })
        return
      }
      controller.enqueue(next.value)
      next = await reader.read()
    },
  })
  return new Response(stream, response)
}

self.addEventListener('fetch', (event) => {
  if (event.request.method === 'POST') event.respondWith(answer(event.request))
})`
}

export const RELAY: Path = {
  name: 'relay',
  title: '`respondWith(fetch())`',
  worker: {
    source: `${CONTROL}\nself.addEventListener('fetch', (event) => event.respondWith(fetch(event.request)))`,
  },
}

export const OURS: Path = { name: 'disk', title: 'streamkeeper', worker: { options: { chat: [CHAT] } } }

/** The minimum work for sending a request again: its costs cannot be avoided. */
export const BARE: Path = {
  name: 'bare',
  title: 'a worker that could only try again',
  worker: { source: bareWorker('record') },
}

export const MEMORY: Path = {
  name: 'memory',
  title: "streamkeeper, `journal: 'memory'`",
  worker: { options: { chat: [{ url: CHAT, journal: 'memory' }] } },
}

export const NONE: Path = { name: 'none', title: 'no worker', worker: null }

/** The first is what the others are compared with. */
export const PATHS: readonly Path[] = [
  NONE,
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
  RELAY,
  BARE,
  OURS,
  MEMORY,
  {
    name: 'off',
    title: 'streamkeeper, `journal: false`',
    worker: { options: { chat: [{ url: CHAT, journal: false }] } },
  },
]
