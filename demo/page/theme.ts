import { effect, signal } from '@preact/signals'

export type ThemeChoice = 'system' | 'light' | 'dark'

const KEY = 'demo.theme'
const systemIsDark = matchMedia('(prefers-color-scheme: dark)')
const systemTheme = signal<'light' | 'dark'>(systemIsDark.matches ? 'dark' : 'light')
systemIsDark.addEventListener('change', () => (systemTheme.value = systemIsDark.matches ? 'dark' : 'light'))

export const themeChoice = signal<ThemeChoice>(readChoice())

/** Puts the theme on the document, and its colour on the browser's own bars. */
export function startTheme(): void {
  effect(() => {
    const theme = themeChoice.value === 'system' ? systemTheme.value : themeChoice.value
    document.documentElement.dataset['theme'] = theme
    const colour = getComputedStyle(document.documentElement).getPropertyValue('--surface')
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', colour.trim())
  })
  effect(() => localStorage.setItem(KEY, themeChoice.value))
}

function readChoice(): ThemeChoice {
  const stored = localStorage.getItem(KEY)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}
