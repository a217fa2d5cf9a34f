import '../../shared/style.css'
import { register } from 'streamkeeper'
import { createApp } from 'vue'
import App from './App.vue'
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
createApp(App, { keeper, outbox, history }).mount('#app')
