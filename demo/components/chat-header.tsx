import { selectedTitle } from '../history/conversations.ts'
import { chosenFault } from '../chat/faults.ts'
import { outboxItems, outboxNeedsHelp } from '../chat/outbox.ts'
import { openSidebar, panel, sidebarOpen, togglePanel } from '../page/view.ts'
import { Icon } from './icon.tsx'
import { IconButton } from './icon-button.tsx'

export function ChatHeader() {
  const waiting = outboxItems.value.length
  return (
    <header class="chat-header">
      <IconButton
        icon="menu"
        label="Open sidebar"
        class="drawer-only"
        data-testid="open-sidebar"
        aria-expanded={sidebarOpen.value}
        onClick={openSidebar}
      />
      <h1 data-testid="conversation-heading">{selectedTitle}</h1>
      <button
        type="button"
        class="header-button"
        data-testid="fault-menu-button"
        aria-expanded={panel.value === 'faults'}
        data-active={chosenFault.value !== null}
        onClick={() => togglePanel('faults')}
      >
        <Icon name="faults" />
        <span>Faults</span>
      </button>
      <button
        type="button"
        class="header-button"
        data-testid="timelines-button"
        aria-expanded={panel.value === 'timelines'}
        onClick={() => togglePanel('timelines')}
      >
        <Icon name="timelines" />
        <span>Timelines</span>
      </button>
      <button
        type="button"
        class="header-button"
        data-testid="outbox-button"
        aria-expanded={panel.value === 'outbox'}
        onClick={() => togglePanel('outbox')}
      >
        <Icon name="outbox" />
        <span>Outbox</span>
        {waiting > 0 && (
          <span class="count" data-testid="outbox-count" data-help={outboxNeedsHelp}>
            {waiting}
            <span class="visually-hidden"> waiting</span>
          </span>
        )}
      </button>
    </header>
  )
}
