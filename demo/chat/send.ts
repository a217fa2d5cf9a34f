import { answer } from './chat.ts'
import { touch } from '../history/conversations.ts'
import { createId } from '../page/id.ts'
import { createMessage } from './message.ts'
import { saveMessage } from './save.ts'
import { addMessage } from './thread.ts'

/** Says something: the message is shown, its save is on its way, and the answer is asked for, in one turn. */
export function send(conversation: string, content: string): void {
  const message = createMessage(
    { id: createId(), conversation, role: 'user', content, createdAt: Date.now() },
    { saved: 'saving' },
  )
  addMessage(message)
  touch(conversation, content)
  // Not awaited: a slow history server must never hold back an answer.
  void saveMessage(message)
  void answer(conversation)
}
