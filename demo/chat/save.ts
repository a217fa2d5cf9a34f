import { effect } from '@preact/signals'
import { messagesUrl } from '../history/history.ts'
import { toStored, type Message } from './message.ts'
import { discardItem, outboxItems, refreshOutbox, saveStateOf } from './outbox.ts'
import { signInHeader } from '../page/sign-in.ts'
import { everyMessage } from './thread.ts'

/**
 * Sends a message to the history server, without anybody waiting for it. With the worker the answer is a 202
 * from the outbox; without, it is the server's own.
 */
export async function saveMessage(message: Message): Promise<void> {
  message.saved.value = 'saving'
  try {
    const response = await fetch(messagesUrl(message.conversation), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...signInHeader() },
      body: JSON.stringify(toStored(message)),
    })
    if (response.status === 202) {
      message.saved.value = 'waiting'
      await refreshOutbox()
      // It may have been sent already: then the outbox has not changed since.
      markSaves()
    } else {
      // 409: it has been there since an earlier try whose answer was lost.
      message.saved.value = response.ok || response.status === 409 ? 'saved' : 'unsaved'
    }
  } catch {
    // No worker and no network: the message stays here, marked, with a button to try again.
    message.saved.value = 'unsaved'
  }
}

/** Removes a message from the outbox for good; it stays on the page, marked as not saved. */
export async function discardSave(entryId: string, messageId: string | undefined): Promise<void> {
  const message = everyMessage().find(({ id }) => id === messageId)
  if (message) message.saved.value = 'unsaved'
  await discardItem(entryId)
}

/** Keeps the marks on the messages in step with the outbox, from now on. */
export function followSaves(): void {
  effect(markSaves)
}

function markSaves(): void {
  const items = new Map(outboxItems.value.map((item) => [item.content?.id, item]))
  for (const message of everyMessage()) {
    const item = items.get(message.id)
    if (item) message.saved.value = saveStateOf(item)
    else if (isInOutbox(message)) message.saved.value = 'saved'
  }
}

/** Once there and now gone means delivered: whatever else empties the outbox marks its message first. */
function isInOutbox({ saved }: Message): boolean {
  const state = saved.peek()
  return state === 'waiting' || state === 'needs_sign_in' || state === 'undeliverable'
}
