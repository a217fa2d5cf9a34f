import { useChat } from '@ai-sdk/react'
import { DefaultChatTransport, type UIMessage } from 'ai'
import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { register } from '../../client/index.ts'

/** What a spec sees of the hook, and may do with it. */
export interface UseChatPage {
  state: string
  status: string
  error: string | undefined
  /** Who said what, in order. */
  said: { role: string; text: string }[]
  send: (text: string) => void
  stop: () => void
}

/** A chat app of `useChat({ resume: true })`: its own part of a history is what the user said. */
const query = new URLSearchParams(location.search)
const api = query.get('api') ?? ''
const id = query.get('id') ?? ''
const kept = `messages of ${id}`

function Chat() {
  const { messages, status, error, sendMessage, stop } = useChat({
    id,
    resume: true,
    messages: JSON.parse(sessionStorage.getItem(kept) ?? '[]') as UIMessage[],
    transport: new DefaultChatTransport({ api }),
  })
  sessionStorage.setItem(kept, JSON.stringify(messages.filter(({ role }) => role === 'user')))
  window.useChat = {
    state: window.useChat?.state ?? '',
    status,
    error: error?.message,
    said: messages.map(({ role, parts }) => ({
      role,
      text: parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    })),
    send: (text) => void sendMessage({ text }),
    stop: () => void stop(),
  }
  return null
}

const { state } = await register('/streamkeeper-sw.js', {
  chat: [api],
  resume: { route: `${api}/:id/stream`, key: 'body.id' },
})
createRoot(document.body).render(createElement(Chat))
window.useChat = { state, status: '', error: undefined, said: [], send: () => {}, stop: () => {} }

declare global {
  interface Window {
    useChat?: UseChatPage
  }
}
