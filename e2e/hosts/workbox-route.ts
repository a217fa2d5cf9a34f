// An app's worker that finds its chats by a Workbox route.
import { clientsClaim } from 'workbox-core/clientsClaim.js'
import { registerRoute } from 'workbox-routing/registerRoute.js'
import { setCatchHandler } from 'workbox-routing/setCatchHandler.js'
import { chatHandler, keepStreams } from '../../sw/index.ts'

keepStreams({})

clientsClaim()
registerRoute(({ url }) => url.pathname.endsWith('/completions'), chatHandler(), 'POST')
setCatchHandler(() => Promise.resolve(new Response('Their page for what failed')))
