import type { UIMessage } from 'ai'
import type { Keeper } from 'streamkeeper'

/** A message as the history takes it and gives it back. */
interface Stored {
  id: string
  role: UIMessage['role']
  content: UIMessage['parts']
}

/** Hands a message over: the worker keeps it, and sends it until the server has it. */
export async function saveMessage(chat: string, { id, role, parts }: UIMessage): Promise<void> {
  const message: Stored = { id, role, content: parts }
  const headers = { 'Content-Type': 'application/json' }
  await fetch(urlOf(chat), { method: 'POST', headers, body: JSON.stringify(message) })
}

/** The messages that the server has, followed by those that are still unsent. */
export async function loadMessages(keeper: Keeper, chat: string): Promise<UIMessage[]> {
  // Where the server cannot be reached, what this browser keeps is there all the same.
  const known = await fetch(urlOf(chat))
    .then((response) => response.json() as Promise<Stored[]>)
    .catch(() => [])
  const entries = keeper.state === 'controlling' ? await keeper.outbox.list() : []
  const own = entries.filter(({ url }) => new URL(url).pathname === urlOf(chat))
  const waiting = await Promise.all(
    own.map(async ({ id }) => {
      const body = await keeper.outbox.body(id)
      return body && (JSON.parse(await body.text()) as Stored)
    }),
  )
  const messages = new Map<string, UIMessage>()
  for (const message of [...known, ...waiting]) {
    if (message) messages.set(message.id, { id: message.id, role: message.role, parts: message.content })
  }
  return [...messages.values()]
}

function urlOf(chat: string): string {
  return `/api/sessions/${encodeURIComponent(chat)}/messages`
}
