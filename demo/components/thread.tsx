import { useEffect, useRef } from 'preact/hooks'
import { answering } from '../chat/chat.ts'
import { useStickToBottom } from '../chat/stick-to-bottom.ts'
import {
  loadThread,
  shownAnswer,
  threadOf,
  turnsOf,
  type Thread as ThreadState,
  type Turn,
} from '../chat/thread.ts'
import { Answer } from './answer.tsx'
import { Icon } from './icon.tsx'
import { NoAnswer } from './no-answer.tsx'
import { Question } from './question.tsx'

/** The messages of a conversation; it follows a growing answer for as long as the reader is at its end. */
export function Thread({ conversation }: { conversation: string }) {
  const thread = threadOf(conversation)
  const turns = turnsOf(thread.messages.value)
  const scroller = useRef<HTMLElement>(null)
  const content = useRef<HTMLOListElement>(null)
  const { isAtEnd, jump } = useStickToBottom(scroller, content)
  const isAnswering = answering.value.has(conversation)

  // A user who asks wants to see the response, wherever they were reading.
  useEffect(() => {
    if (isAnswering) jump('instant')
  }, [isAnswering, turns.length])

  return (
    <div class="thread-frame">
      <section class="thread" ref={scroller} tabIndex={0} aria-label="Messages" aria-busy={isAnswering}>
        <ol class="messages" ref={content} data-testid="messages">
          {thread.state.value === 'failed' && <HistoryMissing conversation={conversation} />}
          {turns.map((turn, index) => (
            <TurnView
              key={turn.key}
              thread={thread}
              turn={turn}
              isLast={index === turns.length - 1}
              isAnswering={isAnswering}
            />
          ))}
        </ol>
      </section>
      {!isAtEnd && (
        <button type="button" class="jump" data-testid="jump-to-latest" onClick={() => jump('smooth')}>
          <Icon name="down" size={18} />
          Jump to latest
        </button>
      )}
    </div>
  )
}

interface TurnProps {
  thread: ThreadState
  turn: Turn
  isLast: boolean
  isAnswering: boolean
}

function TurnView({ thread, turn, isLast, isAnswering }: TurnProps) {
  const shown = shownAnswer(thread, turn)
  return (
    <>
      {turn.question && <Question message={turn.question} />}
      {shown && <Answer key={shown.id} thread={thread} turn={turn} message={shown} isLast={isLast} />}
      {!shown && turn.question && isLast && !isAnswering && (
        <NoAnswer conversation={turn.question.conversation} />
      )}
    </>
  )
}

function HistoryMissing({ conversation }: { conversation: string }) {
  return (
    <li class="thread-note">
      Earlier messages cannot be loaded right now.
      <button type="button" class="link-button" onClick={() => void loadThread(conversation)}>
        Try again
      </button>
    </li>
  )
}
