import { signInHeader } from '../page/sign-in.ts'
import { readStored, type StoredMessage } from '../chat/message.ts'

/** A conversation as the history server keeps it. */
export interface StoredConversation {
  id: string
  title: string
  /** Epoch ms. */
  updatedAt: number
}

/** The address a conversation's messages are saved at; the worker's outbox looks after it. */
export function messagesUrl(conversation: string): string {
  return `/api/sessions/${encodeURIComponent(conversation)}/messages`
}

export async function fetchConversations(): Promise<StoredConversation[]> {
  return list(await call('GET', '/api/conversations')).flatMap((value) => readConversation(value) ?? [])
}

export async function fetchMessages(conversation: string): Promise<StoredMessage[]> {
  return list(await call('GET', messagesUrl(conversation))).flatMap((value) => readStored(value) ?? [])
}

export async function renameStored(conversation: string, title: string): Promise<void> {
  // Created if it is not there yet: its first message may still be waiting.
  await call('POST', '/api/conversations', { id: conversation, title })
}

export async function deleteStored(conversation: string): Promise<void> {
  await call('DELETE', `/api/conversations/${encodeURIComponent(conversation)}`)
}

async function call(method: string, url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { ...signInHeader(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`Cannot ${method} ${url}: the server answered ${response.status}`)
  return response.status === 204 ? null : response.json()
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function readConversation(value: unknown): StoredConversation | null {
  if (typeof value !== 'object' || value === null) return null
  const { id, title, updatedAt } = value as Record<string, unknown>
  if (typeof id !== 'string') return null
  return { id, title: typeof title === 'string' ? title : '', updatedAt: Number(updatedAt) || 0 }
}
