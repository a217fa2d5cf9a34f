import { send } from '../send.ts'
import { loadThread, type Thread } from '../thread.ts'
import { focusComposerIfKeyboard } from '../view.ts'
import { Mark } from './icon.tsx'

const IDEAS = [
  { title: 'Explain something', prompt: 'Explain how the tides work, with an example I can picture.' },
  {
    title: 'Write some code',
    prompt: 'Write a TypeScript function that groups a list by a key, and explain it.',
  },
  { title: 'Compare in a table', prompt: 'Compare trains, planes and cars for a 600 km trip in a table.' },
  { title: 'Plan a weekend', prompt: 'Plan a calm weekend by the sea for two, as a list.' },
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
