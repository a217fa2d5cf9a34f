import { useEffect, useRef } from 'preact/hooks'
import {
  conversations,
  historyState,
  loadConversations,
  startConversation,
} from '../history/conversations.ts'
import { closeSidebar, dialog, focusComposerIfKeyboard, isNarrow } from '../page/view.ts'
import { ConversationItem } from './conversation-item.tsx'
import { Icon, Mark } from './icon.tsx'
import { IconButton } from './icon-button.tsx'
import { ThemeButton } from './theme-button.tsx'

export function Sidebar({ hidden, inert }: { hidden: boolean; inert: boolean }) {
  const root = useRef<HTMLElement>(null)
  const isOpenDrawer = isNarrow.value && !hidden
  useEffect(() => {
    if (isOpenDrawer) root.current?.querySelector<HTMLElement>('button')?.focus()
  }, [isOpenDrawer])

  const startNew = (): void => {
    startConversation()
    closeSidebar()
    focusComposerIfKeyboard()
  }
  return (
    <aside class="sidebar" ref={root} aria-label="Sidebar" data-hidden={hidden} inert={hidden || inert}>
      <div class="sidebar-head">
        <Mark />
        <span class="brand">streamkeeper</span>
        <IconButton icon="close" label="Close sidebar" class="drawer-only" onClick={closeSidebar} />
      </div>
      <button type="button" class="new-chat" data-testid="new-conversation" onClick={startNew}>
        <Icon name="plus" />
        New conversation
      </button>
      <nav class="conversations" aria-label="Conversations">
        <ConversationList />
      </nav>
      <div class="sidebar-foot">
        <button
          type="button"
          class="foot-button"
          data-testid="settings-button"
          onClick={() => (dialog.value = { name: 'settings' })}
        >
          <Icon name="settings" />
          Settings
        </button>
        <IconButton
          icon="keyboard"
          label="Keyboard shortcuts"
          class="keyboard-only"
          data-testid="shortcuts-button"
          onClick={() => (dialog.value = { name: 'shortcuts' })}
        />
        <ThemeButton />
      </div>
    </aside>
  )
}

function ConversationList() {
  const list = conversations.value
  return (
    <>
      {historyState.value === 'failed' && (
        <div class="sidebar-note" data-testid="history-failed">
          Your history cannot be loaded right now.
          <button type="button" class="link-button" onClick={() => void loadConversations()}>
            Try again
          </button>
        </div>
      )}
      {historyState.value === 'loaded' && list.length === 0 && (
        <p class="sidebar-note">Your conversations will be listed here.</p>
      )}
      <ul data-testid="conversation-list">
        {list.map((conversation) => (
          <ConversationItem key={conversation.id} conversation={conversation} />
        ))}
      </ul>
    </>
  )
}
