import { signal } from '@preact/signals'

/** The user's permission for notifications; `unsupported` if the browser has none. */
export const permission = signal<NotificationPermission | 'unsupported'>(
  'Notification' in window ? Notification.permission : 'unsupported',
)

/** Asks, in the turn of the person's own click: browsers take a question out of the blue for a nuisance. */
export async function askForNotifications(): Promise<void> {
  permission.value = await Notification.requestPermission()
}
