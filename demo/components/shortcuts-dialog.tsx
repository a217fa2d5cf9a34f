import { shortcuts } from '../page/shortcuts.ts'
import { Modal } from './modal.tsx'

const WRITING = [
  { keys: ['Enter'], does: 'Send the message' },
  { keys: ['Shift', 'Enter'], does: 'Begin a new line' },
]

export function ShortcutsDialog() {
  return (
    <Modal title="Keyboard shortcuts" testid="shortcuts">
      <dl class="shortcuts">
        {[...WRITING, ...shortcuts].map(({ keys, does }) => (
          <div key={does}>
            <dt>{does}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
