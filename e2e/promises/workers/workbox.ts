import { Queue } from 'workbox-background-sync/Queue.js'

// Saves by workbox's queue, as its BackgroundSyncPlugin and NetworkOnly use it; chats go to the network untouched. A page's
// message replays the queue too, so that the times at which a browser would do so are not held against it.

interface FetchEvent extends Event {
  request: Request
  respondWith: (response: Promise<Response>) => void
}

interface ExtendableEvent extends Event {
  waitUntil: (underWay: Promise<unknown>) => void
}

interface Worker {
  skipWaiting: () => Promise<void>
  clients: { claim: () => Promise<void> }
  addEventListener: {
    (type: 'install' | 'activate' | 'message', listener: (event: ExtendableEvent) => void): void
    (type: 'fetch', listener: (event: FetchEvent) => void): void
  }
}

const worker = self as unknown as Worker
const queue = new Queue('saves')

worker.addEventListener('install', () => void worker.skipWaiting())
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))
worker.addEventListener('message', (event) => event.waitUntil(queue.replayRequests()))

worker.addEventListener('fetch', (event) => {
  const { request } = event
  if (request.method === 'POST' && new URL(request.url).pathname.startsWith('/api/'))
    event.respondWith(networkOnly(request))
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
