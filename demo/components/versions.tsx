import type { Message } from '../chat/message.ts'
import { chooseAnswer, type Thread, type Turn } from '../chat/thread.ts'
import { IconButton } from './icon-button.tsx'

/** Leafs through the answers one question got. */
export function Versions({ thread, turn, message }: { thread: Thread; turn: Turn; message: Message }) {
  const count = turn.answers.length
  if (count < 2) return null
  const index = turn.answers.indexOf(message)
  return (
    <div class="versions" data-testid="versions">
      <IconButton
        icon="left"
        size={16}
        label="Previous version"
        disabled={index === 0}
        onClick={() => chooseAnswer(thread, turn, index - 1)}
      />
      <span>
        <span class="visually-hidden">Version </span>
        {index + 1} / {count}
      </span>
      <IconButton
        icon="right"
        size={16}
        label="Next version"
        disabled={index === count - 1}
        onClick={() => chooseAnswer(thread, turn, index + 1)}
      />
    </div>
  )
}
