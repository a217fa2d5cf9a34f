import { useChat } from '@ai-sdk/react'
import { DefaultChatTransport } from 'ai'
import { createElement, useEffect, useRef } from 'react'
import { createRoot } from 'react-dom/client'
import { type Client, type Question, urlOf } from './client.ts'

/** The hook in a component of its own, as a chat has it. */
export const USE_CHAT: Client = {
  path: 'ui/chat',
  ask: (question) =>
    new Promise((resolve, reject) => {
      const root = createRoot(document.body.appendChild(document.createElement('div')))
      root.render(createElement(Chat, { question, resolve, reject }))
    }),
}

interface ChatProps {
  question: Question
  resolve: () => void
  reject: (error: Error) => void
}

function Chat({ question, resolve, reject }: ChatProps) {
  const { stop: signal, reply, key } = question
  const transport = new DefaultChatTransport({
    api: urlOf(question, 'ui/chat'),
    headers: { Authorization: `Bearer ${key}` },
  })
  const { messages, sendMessage, stop } = useChat({
    transport,
    onFinish: ({ isError, finishReason }) => {
      reply.finish = finishReason
      if (!isError) resolve()
    },
    onError: reject,
  })
  const isAsked = useRef(false)
  useEffect(() => {
    if (isAsked.current) return
    isAsked.current = true
    void sendMessage({ text: 'Hello' })
    signal.addEventListener('abort', () => void stop())
  }, [sendMessage, stop, signal])
  const [, answer] = messages
  reply.text = answer?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? ''
  return null
}
