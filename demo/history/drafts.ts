import { signal, type Signal } from '@preact/signals'

const drafts = new Map<string, Signal<string>>()

/** The user's draft in a conversation; it is still there when they come back to it. */
export function draftOf(conversation: string): Signal<string> {
  let draft = drafts.get(conversation)
  if (!draft) drafts.set(conversation, (draft = signal('')))
  return draft
}
