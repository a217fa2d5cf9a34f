import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { arriving } from '../chat/arriving.ts'
import { answering } from '../chat/chat.ts'
import { rename, select, selected } from '../history/conversations.ts'
import type { StoredConversation } from '../history/history.ts'
import { unseen } from '../page/unseen.ts'
import { closeSidebar, dialog, focusComposerIfKeyboard } from '../page/view.ts'
import { Menu } from './menu.tsx'

/** One conversation in the list; its name becomes a field while it is being renamed. */
export function ConversationItem({ conversation }: { conversation: StoredConversation }) {
  const { id, title } = conversation
  const isRenaming = useSignal(false)
  const row = useRef<HTMLLIElement>(null)
  const isSelected = selected.value === id
  const unseenAnswers = unseen.value[id] ?? 0
  const isAnswering = answering.value.has(id) || arriving.value.has(id)

  const finishRenaming = (name: string | null): void => {
    if (!isRenaming.peek()) return
    isRenaming.value = false
    if (name !== null) void rename(id, name.trim())
    requestAnimationFrame(() => row.current?.querySelector<HTMLElement>('.conversation-name')?.focus())
  }

  if (isRenaming.value)
    return (
      <li class="conversation" data-testid="conversation" ref={row}>
        <input
          class="rename"
          aria-label="Name of the conversation"
          data-testid="rename-input"
          defaultValue={title}
          maxLength={120}
          ref={(field) => field?.select()}
          onBlur={(event) => finishRenaming(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') finishRenaming(event.currentTarget.value)
            if (event.key === 'Escape') finishRenaming(null)
            if (event.key === 'Enter' || event.key === 'Escape') event.preventDefault()
          }}
        />
      </li>
    )
  return (
    <li
      class="conversation"
      ref={row}
      data-testid="conversation"
      data-id={id}
      data-selected={isSelected}
      data-answering={isAnswering}
    >
      <button
        type="button"
        class="conversation-name"
        aria-current={isSelected ? 'page' : undefined}
        onClick={() => {
          select(id)
          closeSidebar()
          focusComposerIfKeyboard()
        }}
      >
        <span class="conversation-title">{title || 'New conversation'}</span>
        {isAnswering && (
          <span class="answering-dot">
            <span class="visually-hidden">, an answer is arriving</span>
          </span>
        )}
        {unseenAnswers > 0 && (
          <span class="unseen-mark" data-testid="unseen">
            <span aria-hidden="true">{unseenAnswers}</span>
            <span class="visually-hidden">
              {unseenAnswers > 1 ? `, ${unseenAnswers} new answers` : ', one new answer'}
            </span>
          </span>
        )}
      </button>
      <Menu
        label={`More for ${title}`}
        items={[
          { icon: 'pencil', words: 'Rename', run: () => (isRenaming.value = true) },
          {
            icon: 'trash',
            words: 'Delete',
            danger: true,
            run: () => (dialog.value = { name: 'delete', conversation: id, title }),
          },
        ]}
      />
    </li>
  )
}
