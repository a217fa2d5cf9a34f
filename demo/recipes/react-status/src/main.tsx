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
  // Who is signed in; this app knows one person only.
  principal: 'me',
  // So that apps in folders of one site have a worker each; at a site's root it says nothing new.
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
