import { useLayoutEffect, useRef } from 'preact/hooks'
import { answering, stopAnswer } from '../chat/chat.ts'
import { draftOf } from '../history/drafts.ts'
import { chosenFault, chosenName } from '../chat/faults.ts'
import { send } from '../chat/send.ts'
import { Icon } from './icon.tsx'
import { IconButton } from './icon-button.tsx'
import { ModelSelect } from './model-select.tsx'

/** Where a person writes. It grows with the text; Enter sends, Shift and Enter begin a new line. */
export function Composer({ conversation }: { conversation: string }) {
  const draft = draftOf(conversation)
  const field = useRef<HTMLTextAreaElement>(null)
  const isAnswering = answering.value.has(conversation)
  const canSend = draft.value.trim() !== '' && !isAnswering

  useLayoutEffect(() => {
    if (!field.current) return
    field.current.style.height = 'auto'
    field.current.style.height = `${field.current.scrollHeight}px`
  }, [draft.value])

  const submit = (): void => {
    if (!canSend) return
    send(conversation, draft.value.trim())
    draft.value = ''
    field.current?.focus()
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <textarea
        ref={field}
        rows={1}
        data-testid="composer-input"
        aria-label="Your message"
        placeholder="Write a message"
        enterkeyhint="send"
        value={draft}
        onInput={(event) => (draft.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          // While an input method composes, Enter accepts its suggestion and sends nothing.
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
          event.preventDefault()
          submit()
        }}
      />
      <div class="composer-bar">
        <ModelSelect />
        {chosenFault.value && (
          <span class="fault-chip" data-testid="fault-chip">
            <Icon name="faults" size={16} />
            <span>{chosenFault.value.title}</span>
            <IconButton
              icon="close"
              size={16}
              label="No fault any more"
              onClick={() => (chosenName.value = 'none')}
            />
          </span>
        )}
        {isAnswering ? (
          <button
            type="button"
            class="round-button"
            data-testid="stop"
            aria-label="Stop"
            title="Stop (Esc)"
            onClick={() => {
              stopAnswer(conversation)
              field.current?.focus()
            }}
          >
            <span class="stop-sign" aria-hidden="true" />
          </button>
        ) : (
          <button
            type="submit"
            class="round-button"
            data-testid="send"
            aria-label="Send"
            title="Send (Enter)"
            disabled={!canSend}
          >
            <Icon name="send" />
          </button>
        )}
      </div>
    </form>
  )
}
