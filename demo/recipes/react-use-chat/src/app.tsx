import type { Chat } from '@ai-sdk/react'
import type { UIMessage } from 'ai'
import { Suspense, use, useSyncExternalStore } from 'react'
import type { Keeper } from 'streamkeeper'
import { ChatView } from './chat-view.tsx'
import { OutboxPanel } from '../../shared/outbox-panel.tsx'
import type { OutboxStore } from 'streamkeeper/ui'

interface AppProps {
  keeper: Keeper
  outbox: OutboxStore
  openChat: (id: string) => Promise<Chat<UIMessage>>
}

const CHATS = ['first', 'second']

/** Two conversations; which one is on screen stands in the address, so that a reload comes back to it. */
export function App({ keeper, outbox, openChat }: AppProps) {
  const id = useSyncExternalStore(followHash, readHash)
  return (
    <>
      <main>
        <h1>streamkeeper with useChat</h1>
        <nav aria-label="Chats">
          {CHATS.map((each) => (
            <a key={each} href={`#${each}`} aria-current={each === id ? 'page' : undefined}>
              The {each} chat
            </a>
          ))}
        </nav>
        <Suspense key={id} fallback={<p className="quiet">Loading</p>}>
          <OpenChat keeper={keeper} opening={openChat(id)} />
        </Suspense>
      </main>
      <OutboxPanel
        keeper={keeper}
        outbox={outbox}
        signIn={() => keeper.provideAuth(() => ({ Authorization: 'Bearer demo-token' }))}
      />
    </>
  )
}

function OpenChat({ keeper, opening }: { keeper: Keeper; opening: Promise<Chat<UIMessage>> }) {
  return <ChatView keeper={keeper} chat={use(opening)} />
}

function followHash(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

function readHash(): string {
  return CHATS.find((each) => location.hash === `#${each}`) ?? 'first'
}
