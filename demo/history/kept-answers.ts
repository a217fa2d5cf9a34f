import { signal } from '@preact/signals'

/** True if this demo's server keeps responses, so that other devices can read them. */
export const keepsAnswers = signal(false)

/** How an answer is called on the server: its conversation, and the message that it becomes on every device. */
export function answerName(conversation: string, message: string): string {
  return `${conversation}:${message}`
}

/** The conversation of an answer that is called so, or of one that is called by its conversation alone. */
export function conversationOf(name: string): string {
  return name.split(':')[0] ?? name
}

/** Stops an answer on the server, whichever device began it. */
export function stopOnServer(name: string): void {
  fetch(`/api/chat/${encodeURIComponent(name)}/stop`, { method: 'POST' }).catch(() => {
    // It goes on there; this page shows no more of it.
  })
}
