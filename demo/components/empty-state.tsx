import { send } from '../chat/send.ts'
import { loadThread, type Thread } from '../chat/thread.ts'
import { focusComposerIfKeyboard } from '../page/view.ts'
import { Mark } from './icon.tsx'

// The demo's own provider has an answer that fits each of these.
const IDEAS = [
  { title: 'Write some code', prompt: 'Write a function that runs tasks, but only so many at a time.' },
  {
    title: 'Compare in a table',
    prompt: 'Compare one process, a queue and several services. Which is better?',
  },
  { title: 'Make a plan', prompt: 'Plan a small project that must be done within a month.' },
  { title: 'Draft a letter', prompt: 'Draft a kind letter about a repair that is late.' },
]

/** A conversation before its first message. */
export function EmptyState({
  conversation,
  state,
}: {
  conversation: string
  state: Thread['state']['value']
}) {
  if (state === 'failed')
    return (
      <div class="empty" data-testid="thread-failed">
        <p>This conversation cannot be loaded right now.</p>
        <button type="button" class="button" onClick={() => void loadThread(conversation)}>
          Try again
        </button>
      </div>
    )
  return (
    <div class="empty" data-testid="empty-state">
      <Mark size={44} />
      <h2>What would you like to know?</h2>
      <p>Lose the connection, reload the page, stop the server. What you write stays safe.</p>
      <ul class="ideas">
        {IDEAS.map(({ title, prompt }) => (
          <li key={title}>
            <button
              type="button"
              data-testid="suggestion"
              onClick={() => {
                send(conversation, prompt)
                focusComposerIfKeyboard()
              }}
            >
              <strong>{title}</strong>
              <span>{prompt}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
