import type { Keeper, OutboxEntry } from 'streamkeeper'

/** A message that has not reached the server yet, with its words. */
export interface OutboxItem extends OutboxEntry {
  text: string
}

/** A store that any framework can follow. */
export interface OutboxStore {
  /** Calls `listener` after every change, until the returned function is called. */
  subscribe: (listener: () => void) => () => void
  /** Oldest first; the same array until something has changed. */
  getSnapshot: () => readonly OutboxItem[]
  /** Tries one now, a dead one too. */
  retry: (id: string) => Promise<void>
  discard: (id: string) => Promise<void>
  /** Tries all that wait, whatever their next time was. */
  sendNow: () => Promise<void>
}

/** The outbox of a keeper, with the words of its messages. */
export function createOutboxStore(keeper: Keeper): OutboxStore {
  const listeners = new Set<() => void>()
  let items: readonly OutboxItem[] = []
  let asked = 0

  const withText = async (entry: OutboxEntry): Promise<OutboxItem> => ({
    ...entry,
    text: await textOf(await keeper.outbox.body(entry.id)),
  })

  const read = async () => {
    // Without a worker nothing is kept.
    if (keeper.state !== 'controlling') return
    const turn = ++asked
    const entries = await keeper.outbox.list()
    const next = await Promise.all(entries.map(withText))
    // A later reading knows more.
    if (turn !== asked) return
    items = next
    for (const listener of listeners) listener()
  }
  const refresh = () =>
    read().catch(() => {
      // The worker is being replaced or has gone; its next status brings us here again.
    })
  const act = async (deed: Promise<unknown>) => {
    await deed
    await refresh()
  }

  keeper.on('*', ({ status }) => {
    if (/^(save|outbox)_/.test(status)) void refresh()
  })
  void refresh()

  return {
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    getSnapshot: () => items,
    retry: (id) => act(keeper.outbox.retry(id)),
    discard: (id) => act(keeper.outbox.discard(id)),
    sendNow: () => act(keeper.outbox.flush()),
  }
}

/** The words in what this app saves: a text, or the AI SDK's parts of which some have text. */
async function textOf(body: Blob | null): Promise<string> {
  try {
    const { content } = JSON.parse((await body?.text()) ?? '') as { content: string | { text?: string }[] }
    return typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('')
  } catch {
    // Not a message of this app; it is listed without its words.
    return ''
  }
}
