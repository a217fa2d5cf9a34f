import { useState } from 'react'
import type { Keeper } from 'streamkeeper'
import { answerTo, createMessage, type Message, saveMessage } from '../../shared/chat.ts'
import { Composer } from '../../shared/composer.tsx'
import { OutboxPanel } from '../../shared/outbox-panel.tsx'
import type { OutboxStore } from 'streamkeeper/ui'
import { StatusLine } from '../../shared/status-line.tsx'

interface AppProps {
  keeper: Keeper
  outbox: OutboxStore
  history: Message[]
}

/** A small chat; its status line and its outbox know the keeper, and nothing of the chat. */
export function App({ keeper, outbox, history }: AppProps) {
  const [messages, setMessages] = useState(history)
  const [running, setRunning] = useState<AbortController>()

  const ask = async (text: string) => {
    const question = createMessage('user', text)
    const asked = [...messages, question]
    const run = new AbortController()
    setRunning(run)
    setMessages(asked)
    void saveMessage(question)
    const answer = await answerTo(asked, (answer) => setMessages([...asked, answer]), run.signal)
    if (answer.content) void saveMessage(answer)
    setRunning(undefined)
  }

  return (
    <>
      <main>
        <h1>streamkeeper with React</h1>
        <div className="thread" role="region" aria-label="Conversation" tabIndex={0}>
          <ol className="messages">
            {messages.map(({ id, role, content, state }) => (
              <li key={id} data-role={role} data-state={state}>
                {content}
              </li>
            ))}
          </ol>
        </div>
        <StatusLine keeper={keeper} />
        <Composer ask={(text) => void ask(text)} stop={running && (() => running.abort())} />
      </main>
      <OutboxPanel
        keeper={keeper}
        outbox={outbox}
        signIn={() => keeper.provideAuth(() => ({ Authorization: 'Bearer demo-token' }))}
      />
    </>
  )
}
