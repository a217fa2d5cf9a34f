import { Chat } from '@ai-sdk/react'
import { DefaultChatTransport, type UIMessage } from 'ai'
import type { Keeper } from 'streamkeeper'
import { loadMessages, saveMessage } from './history.ts'

/**
 * Opens chats, each once. They live as long as the page does: a chat that a component makes for itself is stopped when
 * the component goes, and an answer with it, as if a person had pressed Stop.
 */
export function createChats(keeper: Keeper): (id: string) => Promise<Chat<UIMessage>> {
  const chats = new Map<string, Promise<Chat<UIMessage>>>()
  return (id) => {
    const chat = chats.get(id) ?? openChat(keeper, id)
    chats.set(id, chat)
    return chat
  }
}

async function openChat(keeper: Keeper, id: string): Promise<Chat<UIMessage>> {
  return new Chat({
    id,
    messages: await loadMessages(keeper, id),
    // The demo's provider takes from the query what is to go wrong; a real app has none.
    transport: new DefaultChatTransport({ api: `/v1/ui/chat${location.search}` }),
    // One that broke off may still go on, after a reload or "Try again".
    onFinish: ({ message, isDisconnect, isError }) => {
      if (!isDisconnect && !isError && textOf(message)) void saveMessage(id, message)
    },
  })
}

export function textOf({ parts }: UIMessage): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
