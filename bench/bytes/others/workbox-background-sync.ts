import { Queue } from 'workbox-background-sync'
import { registerRoute } from 'workbox-routing'

const queue = new Queue('saves')

registerRoute(
  /\/api\//,
  async ({ request }) => {
    try {
      return await fetch(request.clone())
    } catch {
      await queue.pushRequest({ request })
      return new Response(null, { status: 202 })
    }
  },
  'POST',
)
