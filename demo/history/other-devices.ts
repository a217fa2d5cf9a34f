import { streamChat } from '../../client/index.ts'
import { answering, followAnswer } from '../chat/chat.ts'
import { selected } from './conversations.ts'
import { keepsAnswers } from './kept-answers.ts'
import { loadThread, threadOf } from '../chat/thread.ts'

/** How often the server is asked for answers that other devices have begun, ms. */
const LOOK_MS = 1_500

interface KeptAnswer {
  url: string
  conversation?: string
  verdict?: string
  /** Epoch ms. */
  at: number
}

/** Shows answers of the selected conversation that were begun elsewhere, as they arrive; also those that ended unseen. */
export function followOtherDevices(): void {
  const look = async () => {
    if (keepsAnswers.peek() && !document.hidden) await showMissing().catch(() => {}) // Asked again soon.
    setTimeout(() => void look(), LOOK_MS)
  }
  void look()
}

async function showMissing(): Promise<void> {
  const conversation = selected.peek()
  if (answering.peek().has(conversation)) return
  const { streams } = (await (await fetch('/api/streams')).json()) as { streams: KeptAnswer[] }
  for (const { url, conversation: name = '', at, verdict = 'open' } of streams) {
    const [of, message = ''] = name.split(':')
    if (of !== conversation || !['open', 'complete'].includes(verdict) || has(conversation, message)) continue
    // What was said before it comes first.
    await loadThread(conversation)
    if (has(conversation, message) || answering.peek().has(conversation)) continue
    await followAnswer(conversation, { id: message, createdAt: at }, name, (signal) =>
      streamChat(url, { body: null, signal, fetch: () => fetch(`${url}?live=stream`, { signal }) }),
    )
  }
}

function has(conversation: string, message: string): boolean {
  return threadOf(conversation)
    .messages.peek()
    .some(({ id }) => id === message)
}
