import { useSignal } from '@preact/signals'
import type { Message } from '../chat/message.ts'
import { Icon } from './icon.tsx'

/** The model's reasoning: open while it thinks, closed once the response begins, and controlled by the user after that. */
export function Reasoning({ message }: { message: Message }) {
  const choice = useSignal<boolean | null>(null)
  const thoughts = message.reasoning.value
  if (!thoughts) return null
  const isThinking = message.state.value === 'streaming' && message.content.value === ''
  const isOpen = choice.value ?? isThinking
  const id = `reasoning-${message.id}`
  return (
    <div class="reasoning" data-testid="reasoning" data-thinking={isThinking}>
      <button
        type="button"
        class="reasoning-toggle"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => (choice.value = !isOpen)}
      >
        <Icon name="chevron" size={16} />
        {isThinking ? 'Thinking' : 'How it came to this'}
      </button>
      <div id={id} class="reasoning-text" hidden={!isOpen}>
        {thoughts}
      </div>
    </div>
  )
}
