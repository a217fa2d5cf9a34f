/** One way for an answer from the server to the page. */
export interface Path {
  name: string
  title: string
  /** Ours, as built, with what it keeps of an answer; the script of another worker; or none. */
  worker: { journal: 'disk' | 'memory' | false } | { source: string } | null
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
  { name: 'disk', title: 'streamkeeper', worker: { journal: 'disk' } },
  { name: 'memory', title: "streamkeeper, `journal: 'memory'`", worker: { journal: 'memory' } },
  { name: 'off', title: 'streamkeeper, `journal: false`', worker: { journal: false } },
]
