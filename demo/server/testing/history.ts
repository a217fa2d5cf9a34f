import type { Behaviour } from '../history/behaviours.ts'
import type { SavedMessage } from '../history/messages.ts'
import type { SaveAttempt } from '../history/save-log.ts'
import type { RunningServer } from '../start-server.ts'

/** A session of a test's own, and what can be done with it. */
export function openSession(server: RunningServer) {
  const session = crypto.randomUUID()
  const get = async (path: string) => (await fetch(`${server.url}${path}`)).json()
  return {
    session,
    save: (id: string, headers: Record<string, string> = {}, more: Record<string, unknown> = {}) =>
      fetch(`${server.url}/api/sessions/${session}/messages`, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify({ id, role: 'user', content: `Message ${id}`, createdAt: 1_000, ...more }),
      }),
    messages: async () => (await get(`/api/sessions/${session}/messages`)) as SavedMessage[],
    log: async () => (await get(`/api/log?session=${session}`)) as SaveAttempt[],
    behave: (behaviour: Behaviour) =>
      fetch(`${server.url}/api/behaviour`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ session, ...behaviour }),
      }),
  }
}
