import { useEffect } from 'preact/hooks'
import { apiKey, loadModels, upstreamOrigin } from '../page/settings.ts'
import { themeChoice, type ThemeChoice } from '../page/theme.ts'
import { askForNotifications, permission } from '../page/notifications.ts'
import { dialog } from '../page/view.ts'
import { Modal } from './modal.tsx'
import { Segments } from './segments.tsx'

const THEMES: { name: ThemeChoice; title: string }[] = [
  { name: 'system', title: 'As the system' },
  { name: 'light', title: 'Light' },
  { name: 'dark', title: 'Dark' },
]

export function SettingsDialog() {
  // Another key may open other models.
  useEffect(() => () => void loadModels(), [])
  return (
    <Modal title="Settings" testid="settings">
      <Segments
        title="Theme"
        group="theme"
        options={THEMES}
        value={themeChoice.value}
        onChoose={(choice) => (themeChoice.value = choice)}
      />
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
          {upstreamOrigin.value
            ? `Your messages are answered by ${upstreamOrigin.value}. `
            : 'Not needed now: this demo answers by itself. '}
          A key stays in this tab and is forgotten when you close it.
        </small>
      </label>
      <Notifications />
      <button type="button" class="button" onClick={() => (dialog.value = { name: 'shortcuts' })}>
        Keyboard shortcuts
      </button>
    </Modal>
  )
}

function Notifications() {
  if (permission.value === 'unsupported') return null
  return (
    <div class="field">
      <span>Notifications</span>
      <small data-testid="notifications-note">{NOTES[permission.value]}</small>
      {permission.value === 'default' && (
        <button
          type="button"
          class="button"
          data-testid="ask-notifications"
          onClick={() => void askForNotifications()}
        >
          Tell me when an answer is ready
        </button>
      )}
    </div>
  )
}

const NOTES = {
  default: 'Answers that end while you look at something else can be shown by your system.',
  granted: 'Answers that end while you look at something else are shown by your system.',
  denied: 'Your browser blocks them for this site. Its site settings can change that.',
}
