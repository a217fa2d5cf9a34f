// An app's own worker whose options its page has put into its URL: a spec knows only then where its provider is.
import { keepStreams, whenIdle } from '../../sw/index.ts'

const worker = self as unknown as ServiceWorkerGlobalScope

keepStreams(JSON.parse(decodeURIComponent(worker.location.search.slice(1))))

worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))
worker.addEventListener('message', ({ data, ports: [port] }) => {
  if (data === 'when idle') void whenIdle().then(() => port?.postMessage('idle'))
})
