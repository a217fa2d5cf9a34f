import { selected } from '../history/conversations.ts'
import { threadOf } from '../chat/thread.ts'
import { ChatHeader } from './chat-header.tsx'
import { Composer } from './composer.tsx'
import { EmptyState } from './empty-state.tsx'
import { StatusLine } from './status-line.tsx'
import { Thread } from './thread.tsx'
import { WorkerState } from './worker-state.tsx'

/** The chat itself. A conversation without messages shows ideas, with the composer in the middle of the page. */
export function ChatView({ inert }: { inert: boolean }) {
  const conversation = selected.value
  const thread = threadOf(conversation)
  const isEmpty = thread.messages.value.length === 0 && thread.state.value !== 'loading'
  return (
    <main class="chat" inert={inert} data-empty={isEmpty}>
      <ChatHeader />
      {isEmpty ? (
        <EmptyState key={conversation} conversation={conversation} state={thread.state.value} />
      ) : (
        <Thread key={conversation} conversation={conversation} />
      )}
      <div class="dock">
        <StatusLine conversation={conversation} />
        <Composer key={conversation} conversation={conversation} />
        <WorkerState />
      </div>
    </main>
  )
}
