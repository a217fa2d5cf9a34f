// An app's worker made with Workbox.
import { clientsClaim } from 'workbox-core/clientsClaim.js'
import { precacheAndRoute } from 'workbox-precaching/precacheAndRoute.js'
import { registerRoute } from 'workbox-routing/registerRoute.js'
import { setDefaultHandler } from 'workbox-routing/setDefaultHandler.js'
import { keepStreams } from '../../sw/index.ts'
import { options } from './options.ts'

keepStreams(options)

clientsClaim()
precacheAndRoute([{ url: '/precached.txt', revision: '1' }])
registerRoute(
  ({ url }) => url.pathname === '/whose',
  () => Promise.resolve(new Response('theirs')),
)
setDefaultHandler(({ request }) => fetch(request as Request))
