import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { closePanel } from '../page/view.ts'
import { IconButton } from './icon-button.tsx'

interface Props {
  title: string
  testid: string
  /** More buttons in the head. */
  actions?: ComponentChildren
  children: ComponentChildren
}

/** A panel at the right of the chat, or over it if there is no room. It takes the focus when it opens. */
export function SidePanel({ title, testid, actions, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <aside class="panel" data-panel data-testid={testid} aria-label={title}>
      <div class="panel-head">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {actions}
        <IconButton icon="close" label={`Close ${title.toLowerCase()}`} onClick={closePanel} />
      </div>
      <div class="panel-body">{children}</div>
    </aside>
  )
}
