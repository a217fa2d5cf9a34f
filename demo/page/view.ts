import { effect, signal, type Signal } from '@preact/signals'

/** Which panel stands at the right. */
export type Panel = 'outbox' | 'faults' | 'timelines'

export type Dialog =
  | { name: 'settings' }
  | { name: 'shortcuts' }
  | { name: 'delete'; conversation: string; title: string }

export const panel = signal<Panel | null>(null)
export const dialog = signal<Dialog | null>(null)
export const sidebarOpen = signal(false)

/** The sidebar is a drawer over the chat. */
export const isNarrow = follow('(max-width: 760px)')
/** The panel lies over the chat. */
export const isPanelOver = follow('(max-width: 1180px)')

/** The element that had the focus before the sidebar or a panel opened; it gets the focus back. */
let opener: Element | null = null

export function togglePanel(next: Panel): void {
  if (panel.peek() === next) closePanel()
  else {
    opener = document.activeElement
    sidebarOpen.value = false
    panel.value = next
  }
}

export function closePanel(): void {
  panel.value = null
  giveBackFocus()
}

export function openSidebar(): void {
  opener = document.activeElement
  sidebarOpen.value = true
}

export function closeSidebar(): void {
  if (!sidebarOpen.peek()) return
  sidebarOpen.value = false
  giveBackFocus()
}

export function closeDialog(): void {
  dialog.value = null
}

export function focusComposer(): void {
  document.querySelector<HTMLElement>('[data-testid="composer-input"]')?.focus()
}

/** After a change of conversation: to the composer, but not where that would raise an on-screen keyboard. */
export function focusComposerIfKeyboard(): void {
  if (matchMedia('(hover: hover)').matches) requestAnimationFrame(focusComposer)
}

/** A drawer must not stay open behind a layout that has none. */
export function startView(): void {
  effect(() => {
    if (!isNarrow.value) sidebarOpen.value = false
  })
}

function giveBackFocus(): void {
  const target = opener
  opener = null
  // After the drawing: until then the chat behind a drawer is inert and takes no focus.
  requestAnimationFrame(() => {
    if (target instanceof HTMLElement && target.isConnected) target.focus()
  })
}

function follow(query: string): Signal<boolean> {
  const list = matchMedia(query)
  const matches = signal(list.matches)
  list.addEventListener('change', () => (matches.value = list.matches))
  return matches
}
