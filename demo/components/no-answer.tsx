import { answer } from '../chat/chat.ts'

/** A question whose answer was lost, to a reload for example. */
export function NoAnswer({ conversation }: { conversation: string }) {
  return (
    <li class="thread-note" data-testid="no-answer">
      This message has no answer yet.
      <button type="button" class="button" data-testid="retry" onClick={() => void answer(conversation)}>
        Get an answer
      </button>
    </li>
  )
}
