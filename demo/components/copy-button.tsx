import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { copyText } from '../chat/copy.ts'
import { IconButton } from './icon-button.tsx'

/** Copies, and shows for a moment that it did. */
export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const isDone = useSignal(false)
  useEffect(() => {
    if (!isDone.value) return undefined
    const timer = setTimeout(() => (isDone.value = false), 1_600)
    return () => clearTimeout(timer)
  }, [isDone.value])
  return (
    <IconButton
      icon={isDone.value ? 'check' : 'copy'}
      size={18}
      label={label}
      data-testid="copy"
      onClick={() => void copyText(text()).then((copied) => (isDone.value = copied))}
    />
  )
}
