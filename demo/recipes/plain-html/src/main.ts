import { register } from 'streamkeeper'
import { answerTo, createMessage, loadMessages, type Message, saveMessage } from '../../shared/chat.ts'
import { showOutbox } from './outbox-panel.ts'
import { showStatus } from './status-line.ts'

const keeper = await register('/streamkeeper-sw.js', {
  chat: ['/v1/chat/completions'],
  // 409: the server has a message of this id already.
  saves: [{ url: '/api/sessions/:session/messages', duplicateStatus: 409 }],
  // The signed-in user; this app has only one.
  principal: 'me',
  // Gives each app in a folder of one site its own worker; at a site's root this is the default.
  scope: './',
})
showStatus(keeper, document.querySelector<HTMLElement>('.status-line')!)
showOutbox(keeper, document.querySelector<HTMLElement>('.outbox')!, () =>
  keeper.provideAuth(() => ({ Authorization: 'Bearer demo-token' })),
)

const list = document.querySelector('.messages')!
const form = document.querySelector<HTMLFormElement>('.composer')!
const input = document.querySelector<HTMLInputElement>('.composer input')!
const stop = document.querySelector<HTMLButtonElement>('.composer [type="button"]')!
const send = document.querySelector<HTMLButtonElement>('.composer [type="submit"]')!
const messages = await loadMessages(keeper)
messages.forEach(show)
send.disabled = false

let run: AbortController | undefined

form.addEventListener('submit', (event) => {
  event.preventDefault()
  const text = input.value.trim()
  if (!text || run) return
  form.reset()
  void ask(text)
})
stop.addEventListener('click', () => run?.abort())

async function ask(text: string): Promise<void> {
  const controller = new AbortController()
  begin(controller)
  const question = createMessage('user', text)
  messages.push(question)
  show(question)
  void saveMessage(question)
  const answer = await answerTo(messages, show, controller.signal)
  messages.push(answer)
  if (answer.content) void saveMessage(answer)
  begin(undefined)
}

function begin(next: AbortController | undefined): void {
  run = next
  stop.hidden = !run
  send.hidden = Boolean(run)
}

/** Shows a message, or how it has changed. */
function show({ id, role, content, state }: Message): void {
  const item = document.getElementById(id) ?? list.appendChild(document.createElement('li'))
  item.id = id
  item.dataset.role = role
  if (state) item.dataset.state = state
  item.textContent = content
}
