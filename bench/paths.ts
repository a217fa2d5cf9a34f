/** One way for an answer from the server to the page. */
export interface Path {
  name: string
  title: string
  /** The worker's script; none: no worker. `keeper` is ours, as built. */
  worker: 'keeper' | { source: string } | null
}

const CONTROL = `
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
`

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
  { name: 'keeper', title: 'streamkeeper', worker: 'keeper' },
]
