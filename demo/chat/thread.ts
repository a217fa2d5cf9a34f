import { signal, type Signal } from '@preact/signals'
import { fetchMessages } from '../history/history.ts'
import { createMessage, type Message } from './message.ts'
import { outboxItems, refreshOutbox, saveStateOf } from './outbox.ts'

/** One question with all the answers it got; the newest answer is shown unless another is chosen. */
export interface Turn {
  key: string
  question: Message | null
  answers: Message[]
}

export interface Thread {
  messages: Signal<Message[]>
  state: Signal<'empty' | 'loading' | 'loaded' | 'failed'>
  /** Which answer of a turn is on show, by the turn's key; without one it is the newest. */
  chosen: Signal<ReadonlyMap<string, number>>
}

const threads = new Map<string, Thread>()

export function threadOf(conversation: string): Thread {
  let thread = threads.get(conversation)
  if (!thread) {
    thread = { messages: signal([]), state: signal('empty'), chosen: signal(new Map()) }
    threads.set(conversation, thread)
  }
  return thread
}

/** Every message on this page, whatever its conversation. */
export function everyMessage(): Message[] {
  return [...threads.values()].flatMap(({ messages }) => messages.peek())
}

/** True if a conversation shows a message of that id. */
export function hasMessage(conversation: string, message: string): boolean {
  return threadOf(conversation)
    .messages.peek()
    .some(({ id }) => id === message)
}

export function addMessage(message: Message): void {
  const { messages } = threadOf(message.conversation)
  messages.value = [...messages.peek(), message]
}

/**
 * Brings together what the server has, what the outbox still holds, and what is on the page; a message that is
 * here already stays the object it is, for it may be growing.
 */
export async function loadThread(conversation: string): Promise<void> {
  const { messages, state } = threadOf(conversation)
  if (state.peek() === 'loading') return
  if (state.peek() !== 'loaded') state.value = 'loading'
  const [stored] = await Promise.all([fetchMessages(conversation).catch(() => null), refreshOutbox()])

  const merged = new Map<string, Message>()
  for (const message of stored ?? []) merged.set(message.id, createMessage({ ...message, conversation }))
  for (const item of outboxItems.peek()) {
    if (item.session === conversation && item.content && !merged.has(item.content.id))
      merged.set(
        item.content.id,
        createMessage({ ...item.content, conversation }, { saved: saveStateOf(item) }),
      )
  }
  for (const message of messages.peek()) {
    if (merged.has(message.id) && stored?.some(({ id }) => id === message.id)) message.saved.value = 'saved'
    merged.set(message.id, message)
  }
  messages.value = [...merged.values()].sort((a, b) => a.createdAt - b.createdAt)
  state.value = stored ? 'loaded' : 'failed'
}

export function forgetThread(conversation: string): void {
  threads.delete(conversation)
}

/** Makes room for another try: an answer without a word is no version to go back to, and the next is on show. */
export function dropFailedAnswer(conversation: string): void {
  const { messages, chosen } = threadOf(conversation)
  const turn = turnsOf(messages.peek()).at(-1)
  if (!turn) return
  const open = new Map(chosen.peek())
  open.delete(turn.key)
  chosen.value = open
  messages.value = messages
    .peek()
    .filter((message) => !turn.answers.includes(message) || message.state.peek() !== 'failed')
}

/** Answers that follow one another without a question between are versions of one. */
export function turnsOf(messages: Message[]): Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    const last = turns.at(-1)
    if (message.role === 'user' || !last)
      turns.push({
        key: message.id,
        question: message.role === 'user' ? message : null,
        answers: message.role === 'user' ? [] : [message],
      })
    else last.answers.push(message)
  }
  return turns
}

/** The answer of a turn that is on show. */
export function shownAnswer(thread: Thread, turn: Turn): Message | undefined {
  return turn.answers[thread.chosen.value.get(turn.key) ?? turn.answers.length - 1]
}

export function chooseAnswer(thread: Thread, turn: Turn, index: number): void {
  thread.chosen.value = new Map(thread.chosen.peek()).set(turn.key, index)
}
