/** The outbox of a keeper, with the words of its messages. */
export function createOutboxStore(keeper) {
  const listeners = new Set()
  let items = []
  let asked = 0

  const withText = async (entry) => ({
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
  const act = async (deed) => {
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
async function textOf(body) {
  try {
    const { content } = JSON.parse((await body?.text()) ?? '')
    return typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('')
  } catch {
    // Not a message of this app; it is listed without its words.
    return ''
  }
}
