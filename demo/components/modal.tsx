import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { closeDialog } from '../page/view.ts'
import { IconButton } from './icon-button.tsx'

/** A dialog of the platform: it keeps the focus, closes on Escape, and gives the focus back. */
export function Modal({
  title,
  testid,
  children,
}: {
  title: string
  testid: string
  children: ComponentChildren
}) {
  const root = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = root.current
    const opener = document.activeElement
    dialog?.showModal()
    return () => {
      dialog?.close()
      if (opener instanceof HTMLElement) opener.focus()
    }
  }, [])
  return (
    <dialog
      class="modal"
      ref={root}
      data-testid={testid}
      aria-labelledby={`${testid}-title`}
      onClose={closeDialog}
      onClick={(event) => {
        // The backdrop belongs to the dialog itself; everything drawn is inside its body.
        if (event.target === root.current) closeDialog()
      }}
    >
      <div class="modal-body">
        <div class="modal-head">
          <h2 id={`${testid}-title`}>{title}</h2>
          <IconButton icon="close" label="Close" onClick={closeDialog} />
        </div>
        {children}
      </div>
    </dialog>
  )
}
