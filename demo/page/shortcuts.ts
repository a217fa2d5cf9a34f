import { stopAnswer } from '../chat/chat.ts'
import { selected, selectNeighbour, startConversation } from '../history/conversations.ts'
import {
  closePanel,
  closeSidebar,
  dialog,
  focusComposer,
  focusComposerIfKeyboard,
  isPanelOver,
  panel,
  sidebarOpen,
  togglePanel,
} from './view.ts'

interface Shortcut {
  keys: string[]
  does: string
  matches: (event: KeyboardEvent) => boolean
  run: () => void
}

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)
const command = isMac ? '⌘' : 'Ctrl'
const option = isMac ? '⌥' : 'Alt'
const withCommand = (event: KeyboardEvent): boolean => (isMac ? event.metaKey : event.ctrlKey)
const withOption = (event: KeyboardEvent): boolean => event.altKey && !event.ctrlKey && !event.metaKey

/** Every shortcut has a modifier or is Escape, so that none is typed by accident. */
export const shortcuts: Shortcut[] = [
  {
    keys: [command, 'Shift', 'O'],
    does: 'New conversation',
    matches: (event) => withCommand(event) && event.shiftKey && event.code === 'KeyO',
    run: () => {
      startConversation()
      closeSidebar()
      focusComposer()
    },
  },
  {
    keys: [option, '↑'],
    does: 'Conversation above',
    matches: (event) => withOption(event) && event.key === 'ArrowUp',
    run: () => selectNeighbour(-1),
  },
  {
    keys: [option, '↓'],
    does: 'Conversation below',
    matches: (event) => withOption(event) && event.key === 'ArrowDown',
    run: () => selectNeighbour(1),
  },
  {
    keys: ['Shift', 'Esc'],
    does: 'Go to the message field',
    matches: (event) => event.shiftKey && event.key === 'Escape',
    run: focusComposer,
  },
  {
    keys: ['Esc'],
    does: 'Close what is open, else stop the answer',
    matches: (event) => !event.shiftKey && event.key === 'Escape',
    run: escape,
  },
  {
    keys: [option, 'Shift', 'O'],
    does: 'Show or hide the outbox',
    matches: (event) => withOption(event) && event.shiftKey && event.code === 'KeyO',
    run: () => togglePanel('outbox'),
  },
  {
    keys: [option, 'Shift', 'F'],
    does: 'Show or hide the faults',
    matches: (event) => withOption(event) && event.shiftKey && event.code === 'KeyF',
    run: () => togglePanel('faults'),
  },
  {
    keys: [option, 'Shift', 'T'],
    does: 'Show or hide the timelines',
    matches: (event) => withOption(event) && event.shiftKey && event.code === 'KeyT',
    run: () => togglePanel('timelines'),
  },
  {
    keys: [command, '/'],
    does: 'Show this list',
    matches: (event) => withCommand(event) && event.key === '/',
    run: () => (dialog.value = { name: 'shortcuts' }),
  },
]

export function listenForShortcuts(): void {
  addEventListener('keydown', (event) => {
    // An open dialog has the keyboard to itself, and so has an input method that composes a word.
    if (dialog.peek() || event.isComposing || event.defaultPrevented) return
    const shortcut = shortcuts.find(({ matches }) => matches(event))
    if (!shortcut) return
    event.preventDefault()
    shortcut.run()
  })
}

function escape(): void {
  if (sidebarOpen.peek()) closeSidebar()
  else if (panel.peek() && (isPanelOver.peek() || document.activeElement?.closest('[data-panel]')))
    closePanel()
  else {
    stopAnswer(selected.peek())
    focusComposerIfKeyboard()
  }
}
