import { useEffect, useState, useSyncExternalStore } from 'react'
import type { Keeper } from 'streamkeeper'
import {
  describeEmptyOutbox,
  describeEntry,
  describeForScreenReader,
  describePreview,
  type OutboxItem,
  type OutboxStore,
} from 'streamkeeper/ui'
import { useKeeper, useNow } from './use-keeper.ts'

interface OutboxPanelProps {
  keeper: Keeper
  outbox: OutboxStore
  /** Lets a person sign in, then gives the keeper their new headers (`keeper.provideAuth`). */
  signIn: () => void
}

/** The messages that have not reached the server yet, and what can be done with each. */
export function OutboxPanel({ keeper, outbox, signIn }: OutboxPanelProps) {
  const items = useSyncExternalStore(outbox.subscribe, outbox.getSnapshot, outbox.getSnapshot)
  const { state, outbox: counts } = useKeeper(keeper)
  const now = useNow(items.length > 0)
  const news = useNews(keeper)
  return (
    <section className="outbox" aria-labelledby="outbox-title">
      <h2 id="outbox-title">Outbox</h2>
      {items.length === 0 && <p className="quiet">{describeEmptyOutbox(state, { counts })}</p>}
      <ul>
        {items.map((item) => (
          <li key={item.id} data-state={item.state}>
            <p>{item.content || 'A message without text'}</p>
            <p className="quiet">{describeEntry(item, { now })}</p>
            {item.preview && <p className="quiet preview">{describePreview(item.preview)}</p>}
            <div className="buttons">
              <MainButton item={item} outbox={outbox} signIn={signIn} />
              <button type="button" onClick={() => void outbox.discard(item.id)}>
                Discard
              </button>
            </div>
          </li>
        ))}
      </ul>
      <p className="only-aloud" role="status">
        {news}
      </p>
    </section>
  )
}

function MainButton({ item, outbox, signIn }: { item: OutboxItem } & Omit<OutboxPanelProps, 'keeper'>) {
  switch (item.state) {
    case 'dead':
      return (
        <button type="button" onClick={() => void outbox.retry(item.id)}>
          Retry
        </button>
      )
    case 'needs_auth':
      return (
        <button type="button" onClick={signIn}>
          Sign in and send
        </button>
      )
    case 'queued':
    case 'sending':
    case 'waiting':
      return (
        <button type="button" disabled={item.state === 'sending'} onClick={() => void outbox.flush()}>
          Send now
        </button>
      )
  }
}

/** The latest news of the outbox, for screen readers. */
function useNews(keeper: Keeper): string {
  const [news, setNews] = useState('')
  useEffect(
    () =>
      keeper.on('*', (status) => {
        if (/^(save|outbox|storage)_/.test(status.status))
          setNews((last) => describeForScreenReader(status) || last)
      }),
    [keeper],
  )
  return news
}
