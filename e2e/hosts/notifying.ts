// An app's own worker that shows notifications, and hears clicks, of its own.
import { keepStreams } from '../../sw/index.ts'
import { options } from './options.ts'

const worker = self as unknown as ServiceWorkerGlobalScope

keepStreams({ ...options, notifications: { finished: { title: 'Answered' } } })

worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))
worker.addEventListener('message', ({ data }) => {
  if (data === 'news')
    void worker.registration.showNotification('News', { tag: 'news', data: { url: '/news' } })
})
worker.addEventListener('notificationclick', ({ notification }) => {
  const data = notification.data as { streamkeeper?: object; url?: string }
  if (!data.streamkeeper) void worker.clients.openWindow(`${worker.location.origin}${data.url}`)
})
