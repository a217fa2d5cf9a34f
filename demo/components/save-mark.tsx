import { keeper } from '../page/keeper.ts'
import type { Message, SaveState } from '../chat/message.ts'
import { saveMessage } from '../chat/save.ts'
import { panel, togglePanel } from '../page/view.ts'
import { Icon, type IconName } from './icon.tsx'

const MARKS: Record<SaveState, { icon: IconName; words: string }> = {
  unsaved: { icon: 'warning', words: 'Not saved' },
  saving: { icon: 'clock', words: 'Saving' },
  waiting: { icon: 'clock', words: 'Waiting to be saved' },
  needs_sign_in: { icon: 'key', words: 'Waiting for you to sign in' },
  undeliverable: { icon: 'warning', words: 'Could not be delivered' },
  saved: { icon: 'check', words: 'Saved' },
}

/** Shows whether a message has reached the history server, with actions for one that has not. */
export function SaveMark({ message }: { message: Message }) {
  const state = message.saved.value
  const { icon, words } = MARKS[state]
  const inOutbox = state === 'waiting' || state === 'needs_sign_in' || state === 'undeliverable'
  const canSave = state === 'unsaved' && message.content.value !== ''
  return (
    <span class="save-mark" data-testid="save-mark" data-saved={state}>
      <Icon name={icon} size={14} />
      {inOutbox && keeper.value ? (
        <button
          type="button"
          class="link-button"
          onClick={() => panel.peek() === 'outbox' || togglePanel('outbox')}
        >
          {words}
        </button>
      ) : (
        <span>{words}</span>
      )}
      {canSave && (
        <button
          type="button"
          class="link-button"
          data-testid="save-again"
          onClick={() => void saveMessage(message)}
        >
          Save now
        </button>
      )}
    </span>
  )
}
