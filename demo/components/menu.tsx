import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Icon, type IconName } from './icon.tsx'
import { IconButton } from './icon-button.tsx'

interface Item {
  icon: IconName
  words: string
  danger?: boolean
  run: () => void
}

/** A button that opens a short menu, by the keyboard rules of a menu button. */
export function Menu({ label, items }: { label: string; items: Item[] }) {
  const isOpen = useSignal(false)
  const root = useRef<HTMLDivElement>(null)
  const close = (): void => {
    isOpen.value = false
  }
  const buttons = (): HTMLElement[] => [
    ...(root.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? []),
  ]

  useLayoutEffect(() => {
    if (!isOpen.value) return undefined
    buttons()[0]?.focus()
    const closeOutside = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) close()
    }
    addEventListener('pointerdown', closeOutside)
    return () => removeEventListener('pointerdown', closeOutside)
  }, [isOpen.value])

  const move = (event: KeyboardEvent): void => {
    const all = buttons()
    const here = all.indexOf(document.activeElement as HTMLElement)
    if (event.key === 'ArrowDown') all[(here + 1) % all.length]?.focus()
    else if (event.key === 'ArrowUp') all.at(here - 1)?.focus()
    else if (event.key === 'Escape') {
      close()
      root.current?.querySelector('button')?.focus()
    } else if (event.key === 'Tab') return close()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div class="menu" ref={root}>
      <IconButton
        icon="more"
        label={label}
        data-testid="conversation-menu"
        aria-haspopup="menu"
        aria-expanded={isOpen.value}
        onClick={() => (isOpen.value = !isOpen.value)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' || isOpen.value) return
          event.preventDefault()
          isOpen.value = true
        }}
      />
      {isOpen.value && (
        <div class="menu-list" role="menu" aria-label={label} onKeyDown={move}>
          {items.map(({ icon, words, danger, run }) => (
            <button
              key={words}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={danger ? 'danger' : ''}
              onClick={() => {
                close()
                run()
              }}
            >
              <Icon name={icon} size={18} />
              {words}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}
