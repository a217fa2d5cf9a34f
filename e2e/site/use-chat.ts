import { useChat } from '@ai-sdk/react'
import { DefaultChatTransport, type UIMessage } from 'ai'
import { createElement, StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { type Options, register } from '../../client/index.ts'

/** The state and actions of the hook for a spec. */
export interface UseChatPage {
  state: string
  /** How often the component was mounted. */
  mounts: number
  /** Which conversation is shown. */
  id: string | undefined
  status: string
  error: string | undefined
  /** The messages with their roles, in order. */
  said: { role: string; text: string }[]
  send: (text: string) => void
  stop: () => void
  /** Shows another conversation; `undefined`: none, the hook is unmounted. */
  show: (id: string | undefined) => void
}

/** A chat app of `useChat({ resume: true })`: its own part of a history is what the user said. */
const query = new URLSearchParams(location.search)
const api = query.get('api') ?? ''
const onAbort = query.get('onAbort') as 'stop' | 'detach' | null

function Chat({ id }: { id: string }) {
  const kept = `messages of ${id}`
  const { messages, status, error, sendMessage, stop } = useChat({
    id,
    resume: true,
    messages: JSON.parse(sessionStorage.getItem(kept) ?? '[]') as UIMessage[],
    transport: new DefaultChatTransport({ api }),
  })
  useEffect(() => void window.useChat.mounts++, [])
  sessionStorage.setItem(kept, JSON.stringify(messages.filter(({ role }) => role === 'user')))
  Object.assign(window.useChat, {
    id,
    status,
    error: error?.message,
    said: messages.map(({ role, parts }) => ({
      role,
      text: parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    })),
    send: (text: string) => void sendMessage({ text }),
    stop: () => void stop(),
  })
  return null
}

const resume: Options['resume'] = {
  route: `${api}/:id/stream`,
  stopRoute: `${api}/:id/stop`,
  key: 'body.id',
  ...(onAbort && { onAbort }),
}
/** The app's server gives a response again from its start. */
const again = { url: `${api}/:id/stream`, key: 'body.id', position: 'replay' } as const
const chat = query.has('replay') ? { url: api, resume: again } : api
const { state } = await register('/streamkeeper-sw.js', { chat: [chat], resume })
const root = createRoot(document.body)
const show = (id: string | undefined) => {
  window.useChat.id = undefined
  root.render(createElement(StrictMode, null, id !== undefined && createElement(Chat, { id })))
}
window.useChat = {
  state,
  mounts: 0,
  id: undefined,
  status: '',
  error: undefined,
  said: [],
  send: () => {},
  stop: () => {},
  show,
}
show(query.get('id') ?? '')

declare global {
  interface Window {
    useChat: UseChatPage
  }
}
