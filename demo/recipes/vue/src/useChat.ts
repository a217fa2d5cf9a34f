import { shallowRef } from 'vue'
import { answerTo, createMessage, type Message, saveMessage } from '../../shared/chat.ts'

/** A conversation, and what a person can do with it. */
export function useChat(history: Message[]) {
  const messages = shallowRef(history)
  const running = shallowRef<AbortController>()
  const draft = shallowRef('')

  const ask = async () => {
    const text = draft.value.trim()
    if (!text || running.value) return
    draft.value = ''
    const question = createMessage('user', text)
    const asked = [...messages.value, question]
    const run = new AbortController()
    running.value = run
    messages.value = asked
    void saveMessage(question)
    const answer = await answerTo(asked, (answer) => (messages.value = [...asked, answer]), run.signal)
    if (answer.content) void saveMessage(answer)
    running.value = undefined
  }
  return { messages, running, draft, ask, stop: () => running.value?.abort() }
}
