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
