import type { Keeper, OutboxEntry } from '../client/index.ts'

/** A message that has not reached the server yet. */
export interface OutboxItem<Content = string> extends OutboxEntry {
  /** The result of reading its body. */
  content: Content
}

/** The outbox as a store that any framework can follow (`useSyncExternalStore`, a signal, a `shallowRef`). */
export interface OutboxStore<Content = string> {
  /**
   * Calls `listener` after every change, until the returned function is called. The outbox is read only while there is
   * a listener.
   */
  readonly subscribe: (listener: () => void) => () => void
  /** The messages, oldest first; the same array until something has changed. Empty if the page has no worker. */
  readonly getSnapshot: () => readonly OutboxItem<Content>[]
  /** Reads the outbox now; resolves when the snapshot is up to date. Never rejects if a worker does not respond. */
  readonly refresh: () => Promise<void>
  /** Sends one message now, even a dead letter. */
  readonly retry: (id: string) => Promise<void>
  /** Deletes one message. */
  readonly discard: (id: string) => Promise<void>
  /** Sends all waiting messages now, whenever their next attempt is due. */
  readonly flush: () => Promise<void>
}

export interface OutboxStoreOptions<Content> {
  /**
   * Reads the content to show from the body that the app sent: once for each message, with an empty `Blob` if the
   * browser has lost the body (a dead letter, `storage_unavailable`). Default: the text of a JSON body, which is its
   * `content`, `text` or `message`, or the text parts of its `content` or `parts`; otherwise an empty string. If it
   * throws, the error is reported as uncaught, and the message is listed with the content `undefined`.
   */
  read: (body: Blob, entry: OutboxEntry) => Content | Promise<Content>
}

/** Creates a store that follows the outbox of a keeper. */
export function createOutboxStore(keeper: Keeper): OutboxStore
export function createOutboxStore<Content>(
  keeper: Keeper,
  options: OutboxStoreOptions<Content>,
): OutboxStore<Content | undefined>
export function createOutboxStore(
  keeper: Keeper,
  { read }: OutboxStoreOptions<unknown> = { read: readText },
): OutboxStore<unknown> {
  const listeners = new Set<() => void>()
  let items: readonly OutboxItem<unknown>[] = []
  /** Contents by entry id. They are cached because a body never changes, and reading one takes a call to the worker. */
  let contents = new Map<string, unknown>()
  let stopFollowing: (() => void) | undefined
  let refreshing: Promise<void> | undefined
  /** True if something has changed since the current read began. */
  let isStale = false

  return {
    subscribe,
    getSnapshot: () => items,
    refresh,
    retry: (id) => act(keeper.outbox.retry(id)),
    discard: (id) => act(keeper.outbox.discard(id)),
    flush: () => act(keeper.outbox.flush()),
  }

  function subscribe(listener: () => void): () => void {
    // A new function each time, because the same listener may subscribe twice.
    const emit = () => listener()
    listeners.add(emit)
    stopFollowing ??= follow()
    return () => {
      listeners.delete(emit)
      if (listeners.size > 0) return
      stopFollowing?.()
      stopFollowing = undefined
    }
  }

  function follow(): () => void {
    let known = ''
    const stops = [
      // Called immediately, and then when the worker has come or gone, or another page has changed the outbox.
      keeper.subscribe(({ state, outbox }) => {
        const next = JSON.stringify([state, outbox])
        if (next === known) return
        known = next
        void refresh()
      }),
      keeper.on('*', ({ status }) => {
        if (/^(save|outbox)_/.test(status)) void refresh()
      }),
    ]
    return () => stops.forEach((stop) => stop())
  }

  /** Calls during a read share the next read. */
  function refresh(): Promise<void> {
    isStale = true
    refreshing ??= readUntilFresh()
    return refreshing
  }

  async function readUntilFresh(): Promise<void> {
    try {
      while (isStale) {
        isStale = false
        await readOutbox()
      }
    } finally {
      // In the same turn: the next change must not take this for a read that is under way.
      refreshing = undefined
    }
  }

  async function readOutbox(): Promise<void> {
    if (keeper.state !== 'controlling') return show([])
    const found = await listWithBodies()
    if (!found) return
    const next = await Promise.all(
      found.map(async ({ entry, body }) => {
        const content = contents.has(entry.id) ? contents.get(entry.id) : await readContent(body, entry)
        return Object.assign(entry, { content })
      }),
    )
    contents = new Map(next.map(({ id, content }) => [id, content]))
    show(next)
  }

  /** A fault in reading one message must not hide the others. */
  async function readContent(body: Blob, entry: OutboxEntry): Promise<unknown> {
    try {
      return await read(body, entry)
    } catch (error) {
      reportError(error)
      return undefined
    }
  }

  /** The entries, and the bodies of those that have not been read yet; `undefined` if no worker responds. */
  async function listWithBodies(): Promise<{ entry: OutboxEntry; body: Blob }[] | undefined> {
    try {
      const entries = await keeper.outbox.list()
      return await Promise.all(
        entries.map(async (entry) => {
          const body = contents.has(entry.id) ? null : await keeper.outbox.body(entry.id)
          return { entry, body: body ?? new Blob() }
        }),
      )
    } catch {
      // The worker is being replaced or is gone: its next status, or the keeper's next state, triggers another read.
      return undefined
    }
  }

  function show(next: readonly OutboxItem<unknown>[]): void {
    if (isSame(next, items)) return
    items = next
    for (const listener of listeners) listener()
  }

  async function act(action: Promise<unknown>): Promise<void> {
    await action
    await refresh()
  }
}

/** True if two lists are equal. Contents are not compared, because they never change. */
function isSame(some: readonly OutboxItem<unknown>[], others: readonly OutboxItem<unknown>[]): boolean {
  const entriesOf = (items: readonly OutboxItem<unknown>[]) =>
    JSON.stringify(items, (name, value: unknown) => (name === 'content' ? undefined : value))
  return entriesOf(some) === entriesOf(others)
}

async function readText(body: Blob): Promise<string> {
  try {
    const { content, parts, text, message } = JSON.parse(await body.text()) as Record<string, unknown>
    return textOf(content) || textOf(parts) || textOf(text) || textOf(message)
  } catch {
    return '' // Not JSON: a message that only its app can read.
  }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { text?: unknown }) => (typeof part?.text === 'string' ? part.text : '')).join('')
}
