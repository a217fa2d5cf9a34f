import { streamChat } from '../../client/index.ts'
import { answering, followAnswer } from '../chat/chat.ts'
import { selected } from './conversations.ts'
import { keeper } from '../page/keeper.ts'
import { conversationOf, keepsAnswers } from './kept-answers.ts'
import { hasMessage, loadThread } from '../chat/thread.ts'

/** How often the server is asked for answers that other devices have begun, ms. */
const LOOK_MS = 1_500

/**
 * Shows answers of the selected conversation that were begun elsewhere, in another tab too, as they arrive; also those
 * that ended unseen.
 */
export function followOtherDevices(): void {
  const look = async () => {
    if (keepsAnswers.peek() && !document.hidden) await showMissing().catch(() => {}) // Asked again soon.
    setTimeout(() => void look(), LOOK_MS)
  }
  void look()
}

async function showMissing(): Promise<void> {
  const conversation = selected.peek()
  const worker = keeper.peek()
  if (!worker || answering.peek().has(conversation)) return
  for (const { requestId, url, conversation: name = '', location, at, verdict } of await worker.streams()) {
    const message = name.slice(conversation.length + 1)
    const isWanted = location !== undefined && (verdict === undefined || verdict === 'complete')
    if (!isWanted || conversationOf(name) !== conversation || hasMessage(conversation, message)) continue
    // Earlier messages come first.
    await loadThread(conversation)
    if (hasMessage(conversation, message) || answering.peek().has(conversation)) continue
    await followAnswer(conversation, { id: message, createdAt: at }, name, (signal) =>
      streamChat(url, { body: null, signal, fetch: () => worker.attach(requestId) }),
    )
  }
}
