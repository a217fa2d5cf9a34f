import type { Keeper } from 'streamkeeper'
import {
  createOutboxStore,
  describeEmptyOutbox,
  describeEntry,
  describeForScreenReader,
  describePreview,
  type OutboxItem,
} from 'streamkeeper/ui'

/** Shows in `panel` the messages that have not reached the server yet, and what can be done with each. */
export function showOutbox(keeper: Keeper, panel: HTMLElement, signIn: () => void): void {
  const outbox = createOutboxStore(keeper)
  const empty = panel.querySelector('.quiet')!
  const list = panel.querySelector('ul')!
  const news = panel.querySelector('[role="status"]')!
  const shown = new Map<string, HTMLElement>()

  const show = () => {
    const items = outbox.getSnapshot()
    const { state, outbox: counts } = keeper.getSnapshot()
    empty.textContent = items.length > 0 ? '' : describeEmptyOutbox(state, { counts })
    for (const [id, view] of shown) if (!items.some((item) => item.id === id)) view.remove()
    for (const item of items) {
      const view = shown.get(item.id) ?? list.appendChild(createView(item.id))
      shown.set(item.id, view)
      fill(view, item)
    }
  }
  const createView = (id: string) => {
    const template = document.querySelector<HTMLTemplateElement>('#outbox-item')!
    const view = template.content.querySelector('li')!.cloneNode(true) as HTMLElement
    view.querySelector('[data-does="retry"]')!.addEventListener('click', () => outbox.retry(id))
    view.querySelector('[data-does="sign-in"]')!.addEventListener('click', signIn)
    view.querySelector('[data-does="send"]')!.addEventListener('click', () => outbox.flush())
    view.querySelector('[data-does="discard"]')!.addEventListener('click', () => outbox.discard(id))
    return view
  }

  keeper.on('*', (status) => {
    if (/^(save|outbox|storage)_/.test(status.status))
      news.textContent = describeForScreenReader(status) || news.textContent
  })
  outbox.subscribe(show)
  show()
  setInterval(show, 1_000)
}

function fill(view: HTMLElement, item: OutboxItem): void {
  view.dataset.state = item.state
  view.querySelector('p')!.textContent = item.content || 'A message without text'
  view.querySelector('.fate')!.textContent = describeEntry(item)
  view.querySelector('.preview')!.textContent = describePreview(item.preview ?? '')
  for (const button of view.querySelectorAll('button')) {
    button.hidden = !button.dataset.for?.split(' ').includes(item.state)
    button.disabled = item.state === 'sending'
  }
}
