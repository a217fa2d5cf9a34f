import { useEffect } from 'preact/hooks'
import { apiKey, loadModels } from '../settings.ts'
import { themeChoice, type ThemeChoice } from '../theme.ts'
import { dialog } from '../view.ts'
import { Modal } from './modal.tsx'

const THEMES: [ThemeChoice, string][] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

export function SettingsDialog() {
  // Another key may open other models.
  useEffect(() => () => void loadModels(), [])
  return (
    <Modal title="Settings" testid="settings">
      <fieldset class="segments">
        <legend>Theme</legend>
        {THEMES.map(([choice, words]) => (
          <label key={choice}>
            <input
              type="radio"
              name="theme"
              data-testid={`theme-${choice}`}
              checked={themeChoice.value === choice}
              onChange={() => (themeChoice.value = choice)}
            />
            <span>{words}</span>
          </label>
        ))}
      </fieldset>
      <label class="field">
        <span>API key</span>
        <input
          type="password"
          autocomplete="off"
          spellcheck={false}
          data-testid="api-key"
          aria-describedby="api-key-note"
          value={apiKey}
          onInput={(event) => (apiKey.value = event.currentTarget.value.trim())}
        />
        <small id="api-key-note">
          Only needed when this server passes your messages on to a real service. It stays in this tab and is
          forgotten when you close it.
        </small>
      </label>
      <button type="button" class="button" onClick={() => (dialog.value = { name: 'shortcuts' })}>
        Keyboard shortcuts
      </button>
    </Modal>
  )
}
