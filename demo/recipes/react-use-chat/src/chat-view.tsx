import { type Chat, useChat } from '@ai-sdk/react'
import { generateId, type UIMessage } from 'ai'
import type { Keeper } from 'streamkeeper'
import { textOf } from './chats.ts'
import { Composer } from '../../shared/composer.tsx'
import { saveMessage } from './history.ts'
import { StatusLine } from '../../shared/status-line.tsx'
import { useKeeper } from '../../shared/use-keeper.ts'

/** One conversation. */
export function ChatView({ keeper, chat }: { keeper: Keeper; chat: Chat<UIMessage> }) {
  const { state, requests } = useKeeper(keeper)
  const { messages, status, sendMessage, regenerate, stop } = useChat({
    chat,
    // Only the worker knows how to go on; a server without such a route would answer with an error.
    resume: state === 'controlling',
  })
  // A request is called as its question: so it is found again, by a page that was loaded anew, too.
  const question = messages.findLast(({ role }) => role === 'user')
  const isOpen = requests.some(({ requestId }) => requestId === question?.id)
  const isBusy = isOpen || status === 'submitted' || status === 'streaming'

  const broken = status === 'error' ? messages.at(-1) : undefined

  const ask = (text: string) => {
    const message: UIMessage = { id: generateId(), role: 'user', parts: [{ type: 'text', text }] }
    void saveMessage(chat.id, message)
    void sendMessage(message, { headers: keeper.headers(message.id) })
  }
  const stopAll = () => {
    void stop()
    // An answer that this page waits for, but that a page before it asked for.
    if (isOpen && question) keeper.cancel(question.id)
  }

  return (
    <>
      <div className="thread" role="region" aria-label="Conversation" tabIndex={0}>
        <ol className="messages">
          {messages.map((message) => (
            <li
              key={message.id}
              data-role={message.role}
              data-state={message === broken ? 'failed' : undefined}
            >
              {textOf(message)}
            </li>
          ))}
        </ol>
      </div>
      <StatusLine keeper={keeper} requestId={question?.id ?? ''} />
      {status === 'error' && (
        <div className="buttons">
          <button type="button" onClick={() => void regenerate({ headers: keeper.headers(question?.id) })}>
            Try again
          </button>
        </div>
      )}
      <Composer ask={ask} stop={isBusy ? stopAll : undefined} />
    </>
  )
}
