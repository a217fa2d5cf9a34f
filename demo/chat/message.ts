import { signal, type Signal } from '@preact/signals'
import { isProblemCode, type Problem } from './problem.ts'

/** How far an answer got; what a person wrote is always `complete`. */
export type MessageState = 'streaming' | 'complete' | 'cut' | 'stopped' | 'failed'

/**
 * Where a message is on its way to the history server.
 *
 * - `unsaved`: on this page only, as an answer that is still growing or was cut
 * - `saving`: handed over a moment ago; `waiting`: in the outbox, which keeps trying
 * - `needs_sign_in`, `undeliverable`: in the outbox, waiting for a person
 */
export type SaveState = 'unsaved' | 'saving' | 'waiting' | 'needs_sign_in' | 'undeliverable' | 'saved'

/** A message on the page. What changes while it is shown is a signal, so that only its own part renders again. */
export interface Message {
  id: string
  conversation: string
  role: 'user' | 'assistant'
  /** Epoch ms. */
  createdAt: number
  content: Signal<string>
  reasoning: Signal<string>
  state: Signal<MessageState>
  saved: Signal<SaveState>
  /** Why an answer failed or was cut. */
  problem: Signal<Problem | null>
}

/** A message as it travels to the history server and back. */
export interface StoredMessage {
  id: string
  role: 'user' | 'assistant'
  content: string
  createdAt: number
  /** The model's reasoning before its output. */
  reasoning?: string
  /** Only where an answer is not whole, and then why. */
  state?: 'cut' | 'stopped'
  reason?: Problem['code']
}

export function createMessage(
  stored: StoredMessage & { conversation: string },
  { state = 'complete', saved = 'saved' }: { state?: MessageState; saved?: SaveState } = {},
): Message {
  return {
    id: stored.id,
    conversation: stored.conversation,
    role: stored.role,
    createdAt: stored.createdAt,
    content: signal(stored.content),
    reasoning: signal(stored.reasoning ?? ''),
    state: signal(stored.state ?? state),
    saved: signal(saved),
    problem: signal(stored.reason ? { code: stored.reason } : null),
  }
}

export function toStored(message: Message): StoredMessage {
  const { id, role, createdAt } = message
  const state = message.state.peek()
  const reasoning = message.reasoning.peek()
  const reason = message.problem.peek()?.code
  return {
    id,
    role,
    content: message.content.peek(),
    createdAt,
    ...(reasoning ? { reasoning } : {}),
    ...(state === 'cut' || state === 'stopped' ? { state } : {}),
    ...(reason ? { reason } : {}),
  }
}

/** Reads what the history server or the outbox holds; anything else than a message is nothing. */
export function readStored(value: unknown): StoredMessage | null {
  if (typeof value !== 'object' || value === null) return null
  const { id, role, content, createdAt, reasoning, state, reason } = value as Record<string, unknown>
  if (typeof id !== 'string' || typeof content !== 'string') return null
  if (role !== 'user' && role !== 'assistant') return null
  return {
    id,
    role,
    content,
    createdAt: Number(createdAt) || 0,
    ...(typeof reasoning === 'string' ? { reasoning } : {}),
    ...(state === 'cut' || state === 'stopped' ? { state } : {}),
    ...(isProblemCode(reason) ? { reason } : {}),
  }
}
