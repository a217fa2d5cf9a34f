import type { Message } from '../chat/message.ts'
import { CopyButton } from './copy-button.tsx'
import { SaveMark } from './save-mark.tsx'

/** A user's message, exactly as written. */
export function Question({ message }: { message: Message }) {
  return (
    <li
      class="message question"
      data-testid="message"
      data-role="user"
      data-id={message.id}
      data-state={message.state}
      data-saved={message.saved}
    >
      <h2 class="visually-hidden">You wrote</h2>
      <div class="bubble" data-testid="message-text">
        {message.content}
      </div>
      <div class="message-foot">
        <CopyButton text={() => message.content.peek()} label="Copy message" />
        <SaveMark message={message} />
      </div>
    </li>
  )
}
