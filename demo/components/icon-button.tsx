import type { JSX } from 'preact'
import { Icon, type IconName } from './icon.tsx'

type Props = Omit<JSX.IntrinsicElements['button'], 'icon' | 'label' | 'class'> & {
  class?: string
  icon: IconName
  /** Its action: the name for screen readers, and the tooltip. */
  label: string
  size?: number
}

/** A button that is a sign only, at least 44 px wide for a finger. */
export function IconButton({ icon, label, size = 20, class: className = '', ...rest }: Props) {
  return (
    <button type="button" title={label} aria-label={label} {...rest} class={`icon-button ${className}`}>
      <Icon name={icon} size={size} />
    </button>
  )
}
