// An app's worker made with Serwist, as its templates for Next.js have it.
import { Serwist } from 'serwist'
import { keepStreams } from '../../sw/index.ts'
import { options } from './options.ts'

keepStreams(options)

new Serwist({
  precacheEntries: [{ url: '/precached.txt', revision: '1' }],
  skipWaiting: true,
  clientsClaim: true,
  navigationPreload: true,
  runtimeCaching: [
    {
      matcher: ({ url }) => url.pathname === '/whose',
      handler: () => Promise.resolve(new Response('theirs')),
    },
    { matcher: ({ sameOrigin }) => sameOrigin, handler: ({ request }) => fetch(request) },
  ],
}).addEventListeners()
