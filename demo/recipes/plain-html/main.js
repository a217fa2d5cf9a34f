import { answerTo, createMessage, loadMessages, saveMessage } from './chat.js'
import { showOutbox } from './outbox-panel.js'
import { showStatus } from './status-line.js'
import { register } from './streamkeeper/index.js'

const keeper = await register('/streamkeeper-sw.js', {
  chat: ['/v1/chat/completions'],
  // 409: the server has a message of this id already.
  saves: [{ url: '/api/sessions/:session/messages', duplicateStatus: 409 }],
  // Who is signed in; this app knows one person only.
  principal: 'me',
  // So that apps in folders of one site have a worker each; at a site's root it says nothing new.
  scope: './',
})
showStatus(keeper, document.querySelector('.status-line'))
showOutbox(keeper, document.querySelector('.outbox'), () =>
  keeper.provideAuth(() => ({ Authorization: 'Bearer demo-token' })),
)

const list = document.querySelector('.messages')
const form = document.querySelector('.composer')
const [input, stop, send] = form.elements
const messages = await loadMessages(keeper)
messages.forEach(show)
send.disabled = false

let run

form.addEventListener('submit', (event) => {
  event.preventDefault()
  const text = input.value.trim()
  if (!text || run) return
  form.reset()
  void ask(text)
})
stop.addEventListener('click', () => run?.abort())

async function ask(text) {
  begin(new AbortController())
  const question = createMessage('user', text)
  messages.push(question)
  show(question)
  void saveMessage(question)
  const answer = await answerTo(messages, show, run.signal)
  messages.push(answer)
  if (answer.content) void saveMessage(answer)
  begin(undefined)
}

function begin(next) {
  run = next
  stop.hidden = !run
  send.hidden = Boolean(run)
}

/** Shows a message, or what has become of it. */
function show({ id, role, content, state }) {
  const item = document.getElementById(id) ?? list.appendChild(document.createElement('li'))
  item.id = id
  item.dataset.role = role
  if (state) item.dataset.state = state
  item.textContent = content
}
