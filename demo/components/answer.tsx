import { answer } from '../chat/chat.ts'
import type { Message } from '../chat/message.ts'
import type { Thread, Turn } from '../chat/thread.ts'
import { CopyButton } from './copy-button.tsx'
import { IconButton } from './icon-button.tsx'
import { Markdown } from './markdown.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { Reasoning } from './reasoning.tsx'
import { SaveMark } from './save-mark.tsx'
import { Versions } from './versions.tsx'

interface Props {
  thread: Thread
  turn: Turn
  message: Message
  isLast: boolean
}

/** An answer while it grows and after it ended. One that is cut says so, and is never dressed as whole. */
export function Answer({ thread, turn, message, isLast }: Props) {
  const state = message.state.value
  const isStreaming = state === 'streaming'
  const hasText = message.content.value !== ''
  const again = (): void => void answer(message.conversation)
  return (
    <li
      class="message answer"
      data-testid="message"
      data-role="assistant"
      data-id={message.id}
      data-state={state}
      data-saved={message.saved}
    >
      <h2 class="visually-hidden">Answer</h2>
      <Reasoning message={message} />
      {hasText ? (
        <Markdown text={message.content} isLive={isStreaming} />
      ) : (
        isStreaming &&
        !message.reasoning.value && <span class="typing" role="img" aria-label="An answer is on its way" />
      )}
      {(state === 'cut' || state === 'failed') && message.problem.value && (
        <ProblemNotice problem={message.problem.value} onRetry={isLast ? again : undefined} />
      )}
      {state === 'stopped' && (
        <p class="answer-end" data-testid="answer-stopped">
          {hasText ? 'You stopped this answer here.' : 'You stopped before the answer began.'}
        </p>
      )}
      {!isStreaming && state !== 'failed' && (
        <div class="message-foot">
          {hasText && <CopyButton text={() => message.content.peek()} label="Copy answer" />}
          {isLast && (
            <IconButton icon="again" size={18} label="Regenerate" data-testid="regenerate" onClick={again} />
          )}
          <Versions thread={thread} turn={turn} message={message} />
          {hasText && <SaveMark message={message} />}
        </div>
      )}
    </li>
  )
}
