import { isNarrow, isPanelOver, panel, sidebarOpen, closePanel, closeSidebar, dialog } from '../page/view.ts'
import { ChatView } from './chat-view.tsx'
import { DeleteDialog } from './delete-dialog.tsx'
import { FaultPanel } from './fault-panel.tsx'
import { LiveRegion } from './live-region.tsx'
import { Notices } from './notices.tsx'
import { OutboxPanel } from './outbox-panel.tsx'
import { SettingsDialog } from './settings-dialog.tsx'
import { ShortcutsDialog } from './shortcuts-dialog.tsx'
import { Sidebar } from './sidebar.tsx'
import { TimelinesPanel } from './timelines-panel.tsx'

/** The page: conversations, the chat, and at the right what a person asked to see beside it. */
export function App() {
  const drawerOpen = isNarrow.value && sidebarOpen.value
  const panelOver = isPanelOver.value && panel.value !== null
  const open = dialog.value
  return (
    <div class="app" data-panel-open={panel.value ?? undefined}>
      <Sidebar hidden={isNarrow.value && !sidebarOpen.value} inert={panelOver} />
      {(drawerOpen || panelOver) && (
        <div class="scrim" aria-hidden="true" onClick={drawerOpen ? closeSidebar : closePanel} />
      )}
      <ChatView inert={drawerOpen || panelOver} />
      {panel.value === 'outbox' && <OutboxPanel />}
      {panel.value === 'faults' && <FaultPanel />}
      {panel.value === 'timelines' && <TimelinesPanel />}
      {open?.name === 'settings' && <SettingsDialog />}
      {open?.name === 'shortcuts' && <ShortcutsDialog />}
      {open?.name === 'delete' && <DeleteDialog conversation={open.conversation} title={open.title} />}
      <Notices />
      <LiveRegion />
    </div>
  )
}
