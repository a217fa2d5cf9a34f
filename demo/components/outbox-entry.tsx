import { conversations, select, selected } from '../history/conversations.ts'
import { tellTime } from '../page/duration.ts'
import { useNow } from '../page/now.ts'
import { retryItem, retrySignIns, sendAllNow, type OutboxItem } from '../chat/outbox.ts'
import { discardSave } from '../chat/save.ts'
import { isSignedIn } from '../page/sign-in.ts'
import { describeEntry, describePreview } from '../../ui/index.ts'

/** One undelivered message with its words, its fate so far, and its buttons. */
export function OutboxEntryView({ item }: { item: OutboxItem }) {
  const isWaiting = item.state !== 'dead' && item.state !== 'needs_auth'
  const now = useNow(isWaiting)
  const isHere = item.session === selected.value
  const elsewhere = isHere ? undefined : conversations.value.find(({ id }) => id === item.session)
  return (
    <li
      class="outbox-item"
      data-testid="outbox-item"
      data-id={item.id}
      data-message-id={item.content?.id}
      data-state={item.state}
    >
      <p class="outbox-text">{item.content?.content || 'A message without text'}</p>
      <p class="outbox-meta">
        {item.content?.role === 'assistant' ? 'Answer' : 'Your message'} of {tellTime(item.createdAt)}
        {elsewhere && (
          <>
            {' in '}
            <button type="button" class="link-button" onClick={() => select(elsewhere.id)}>
              {elsewhere.title}
            </button>
          </>
        )}
      </p>
      <p class="outbox-fate" data-testid="outbox-fate">
        {describeEntry(item, { now })}
      </p>
      {item.state === 'dead' && item.preview && (
        <p class="outbox-preview" role="group" aria-label="What the server said" tabIndex={0}>
          {describePreview(item.preview)}
        </p>
      )}
      <div class="outbox-buttons">
        <MainButton item={item} />
        <button
          type="button"
          class="button quiet"
          data-testid="outbox-discard"
          onClick={() => void discardSave(item.id, item.content?.id)}
        >
          Discard
        </button>
      </div>
    </li>
  )
}

function MainButton({ item }: { item: OutboxItem }) {
  switch (item.state) {
    case 'dead':
      return (
        <button
          type="button"
          class="button"
          data-testid="outbox-retry"
          onClick={() => void retryItem(item.id)}
        >
          Retry
        </button>
      )
    case 'needs_auth':
      return (
        <button
          type="button"
          class="button"
          data-testid="outbox-sign-in"
          onClick={() => {
            isSignedIn.value = true
            void retrySignIns()
          }}
        >
          Sign in and send
        </button>
      )
    case 'queued':
    case 'sending':
    case 'waiting':
      return (
        <button
          type="button"
          class="button"
          data-testid="outbox-send-now"
          disabled={item.state === 'sending'}
          onClick={() => void sendAllNow()}
        >
          Send now
        </button>
      )
  }
}
