import '../../shared/style.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { register } from 'streamkeeper'
import { App } from './app.tsx'
import { loadMessages } from '../../shared/chat.ts'
import { createOutboxStore } from 'streamkeeper/ui'

const keeper = await register('/streamkeeper-sw.js', {
  chat: ['/v1/chat/completions'],
  // 409: the server has a message of this id already.
  saves: [{ url: '/api/sessions/:session/messages', duplicateStatus: 409 }],
  // The signed-in user; this app has only one.
  principal: 'me',
  // Gives each app in a folder of one site its own worker; at a site's root this is the default.
  scope: './',
})
const outbox = createOutboxStore(keeper)
const history = await loadMessages(keeper)
const root = document.querySelector('#app')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App keeper={keeper} outbox={outbox} history={history} />
    </StrictMode>,
  )
}
