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
  // Who is signed in; this app knows one person only.
  principal: 'me',
  // So that apps in folders of one site have a worker each; at a site's root it says nothing new.
  scope: './',
})
const outbox = createOutboxStore(keeper)
const history = await loadMessages(keeper)
createApp(App, { keeper, outbox, history }).mount('#app')
