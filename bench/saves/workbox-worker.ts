import { Queue } from 'workbox-background-sync/Queue.js'
import type { Message } from './messages.ts'

// An app's saves with workbox's BackgroundSyncPlugin and NetworkOnly; the plugin keeps its queue to itself.

interface FetchEvent extends Event {
  request: Request
  respondWith: (response: Promise<Response>) => void
}

interface MessageEvent extends Event {
  data: 'replay' | { queue: Message[] }
  ports: readonly MessagePort[]
  waitUntil: (underWay: Promise<unknown>) => void
}

interface Worker {
  skipWaiting: () => Promise<void>
  clients: { claim: () => Promise<void> }
  addEventListener: {
    (type: 'install' | 'activate', listener: (event: MessageEvent) => void): void
    (type: 'fetch', listener: (event: FetchEvent) => void): void
    (type: 'message', listener: (event: MessageEvent) => void): void
  }
}

const worker = self as unknown as Worker

// It is sent when the bench says so, and at no other time.
const queue = new Queue('saves', { onSync: () => {} })

worker.addEventListener('install', () => void worker.skipWaiting())
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))

worker.addEventListener('fetch', (event) => {
  const { request } = event
  if (request.method === 'POST' && new URL(request.url).pathname.startsWith('/saves/'))
    event.respondWith(networkOnly(request))
})

worker.addEventListener('message', (event) => {
  const { data } = event
  const done = data === 'replay' ? queue.replayRequests() : fill(data.queue)
  // The messages that arrive show whether everything worked.
  event.waitUntil(done.finally(() => event.ports[0]?.postMessage(null)))
})

async function networkOnly(request: Request): Promise<Response> {
  const kept = request.clone()
  try {
    return await fetch(request)
  } catch (error) {
    await queue.pushRequest({ request: kept })
    throw error
  }
}

async function fill(messages: Message[]): Promise<void> {
  for (const { url, body } of messages) {
    const headers = { 'Content-Type': 'application/json' }
    await queue.pushRequest({ request: new Request(url, { method: 'POST', headers, body }) })
  }
}
