import { isStatus, type Keeper, streamChat } from 'streamkeeper'

/** A message as it is shown, and as it travels to the history and back. */
export interface Message {
  id: string
  role: 'user' | 'assistant'
  content: string
  /** Epoch ms. */
  createdAt: number
  /** Only where an answer is not whole. */
  state?: 'stopped' | 'failed'
}

/** The part of an OpenAI-compatible service's chunk that this app uses. */
interface Chunk {
  choices?: { delta?: { content?: string } }[]
}

const HISTORY_URL = '/api/sessions/recipe/messages'

/** A message that was written just now. */
export function createMessage(role: Message['role'], content: string): Message {
  return { id: crypto.randomUUID(), role, content, createdAt: Date.now() }
}

/** Asks for an answer and shows it while it grows. Resolves when it has ended, in whatever way. */
export async function answerTo(
  messages: readonly Message[],
  show: (answer: Message) => void,
  signal: AbortSignal,
): Promise<Message> {
  let answer = createMessage('assistant', '')
  show(answer)
  try {
    // The demo's provider takes from the query what is to go wrong; a real app has none.
    for await (const item of streamChat<Chunk>(`/v1/chat/completions${location.search}`, {
      body: {
        model: 'demo-small',
        stream: true,
        messages: messages.filter(({ content }) => content).map(({ role, content }) => ({ role, content })),
      },
      signal,
    })) {
      // Statuses are the status line's.
      if (isStatus(item)) continue
      answer = { ...answer, content: answer.content + (item.choices?.[0]?.delta?.content ?? '') }
      show(answer)
    }
  } catch {
    // Why, the status line says.
    answer = { ...answer, state: signal.aborted ? 'stopped' : 'failed' }
    show(answer)
  }
  return answer
}

/** Hands a message over: the worker keeps it, and sends it until the server has it. */
export async function saveMessage(message: Message): Promise<void> {
  const headers = { 'Content-Type': 'application/json' }
  await fetch(HISTORY_URL, { method: 'POST', headers, body: JSON.stringify(message) })
}

/** The messages that the server has, followed by those that are still unsent. */
export async function loadMessages(keeper: Keeper): Promise<Message[]> {
  // Where the server cannot be reached, what this browser keeps is there all the same.
  const known = await fetch(HISTORY_URL)
    .then((response) => response.json() as Promise<Message[]>)
    .catch(() => [])
  const entries = keeper.state === 'controlling' ? await keeper.outbox.list() : []
  const waiting = await Promise.all(
    entries.map(async ({ id }) => {
      const body = await keeper.outbox.body(id)
      return body && (JSON.parse(await body.text()) as Message)
    }),
  )
  const messages = new Map<string, Message>()
  for (const message of [...known, ...waiting]) if (message) messages.set(message.id, message)
  return [...messages.values()]
}
