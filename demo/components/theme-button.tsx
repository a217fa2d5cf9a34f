import { themeChoice, type ThemeChoice } from '../page/theme.ts'
import { IconButton } from './icon-button.tsx'

const NEXT: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' }
const WORDS: Record<ThemeChoice, string> = {
  system: 'Theme: as the system',
  light: 'Theme: light',
  dark: 'Theme: dark',
}

/** Goes round: as the system, light, dark. */
export function ThemeButton() {
  const choice = themeChoice.value
  return (
    <IconButton
      icon={choice === 'light' ? 'sun' : choice === 'dark' ? 'moon' : 'auto'}
      label={WORDS[choice]}
      data-testid="theme-button"
      onClick={() => (themeChoice.value = NEXT[choice])}
    />
  )
}
