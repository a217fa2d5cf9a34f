import { createOutboxStore } from './outbox-store.js'
import { tellAloud, tellEmptyOutbox, tellEntry, tellPreview } from './status-words.js'

/** Shows in `panel` the messages that have not reached the server yet, and what can be done with each. */
export function showOutbox(keeper, panel, signIn) {
  const outbox = createOutboxStore(keeper)
  const [, empty, list, news] = panel.children
  const shown = new Map()

  const show = () => {
    const items = outbox.getSnapshot()
    empty.textContent = items.length > 0 ? '' : tellEmptyOutbox(keeper.state)
    for (const [id, view] of shown) if (!items.some((item) => item.id === id)) view.remove()
    for (const item of items) {
      const view = shown.get(item.id) ?? list.appendChild(createView(item.id))
      shown.set(item.id, view)
      fill(view, item)
    }
  }
  const createView = (id) => {
    const view = document.querySelector('#outbox-item').content.firstElementChild.cloneNode(true)
    const [retry, signInAndSend, sendNow, discard] = view.querySelectorAll('button')
    retry.addEventListener('click', () => outbox.retry(id))
    signInAndSend.addEventListener('click', signIn)
    sendNow.addEventListener('click', () => outbox.sendNow())
    discard.addEventListener('click', () => outbox.discard(id))
    return view
  }

  keeper.on('*', (status) => {
    if (/^(save|outbox|storage)_/.test(status.status))
      news.textContent = tellAloud(status) || news.textContent
  })
  outbox.subscribe(show)
  show()
  setInterval(show, 1_000)
}

function fill(view, item) {
  const [text, fate, preview] = view.children
  view.dataset.state = item.state
  text.textContent = item.text || 'A message without text'
  fate.textContent = tellEntry(item, Date.now())
  preview.textContent = tellPreview(item.preview ?? '')
  for (const button of view.querySelectorAll('button')) {
    button.hidden = !button.dataset.for.split(' ').includes(item.state)
    button.disabled = item.state === 'sending'
  }
}
