import { remove } from '../history/conversations.ts'
import { closeDialog } from '../page/view.ts'
import { Modal } from './modal.tsx'

export function DeleteDialog({ conversation, title }: { conversation: string; title: string }) {
  return (
    <Modal title="Delete this conversation?" testid="delete-dialog">
      <p>“{title}” and all its messages will be gone, also those that still wait to be sent.</p>
      <div class="modal-buttons">
        <button type="button" class="button quiet" onClick={closeDialog}>
          Keep it
        </button>
        <button
          type="button"
          class="button danger"
          data-testid="delete-confirm"
          onClick={() => {
            closeDialog()
            void remove(conversation)
          }}
        >
          Delete
        </button>
      </div>
    </Modal>
  )
}
