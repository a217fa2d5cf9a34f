import './request-timelines/request-timelines.js'
import { FAULTS } from './faults.js'
import { nextTimelines } from './request-timelines/timelines.js'
import { register } from './streamkeeper/index.js'

const keeper = await register('/streamkeeper-sw.js', {
  // Short, so that silence is soon met here; an app leaves them as they are.
  chat: [{ url: '/v1/chat/completions', timeouts: { headersMs: 3_000, transportIdleMs: 4_000 } }],
  // So that apps in folders of one site have a worker each; at a site's root it says nothing new.
  scope: './',
})

const view = document.querySelector('request-timelines')
const hear = (status) => {
  view.timelines = nextTimelines(view.timelines, status)
}
keeper.on('*', hear)
// What was under way already when this page came.
for (const { status } of keeper.getSnapshot().requests) hear(status)

const stop = document.querySelector('[data-stop]')
keeper.subscribe(({ requests }) => {
  stop.disabled = requests.length === 0
})
stop.addEventListener('click', () => {
  for (const { requestId } of keeper.getSnapshot().requests) keeper.cancel(requestId)
})
for (const button of document.querySelectorAll('[data-fault]')) {
  button.disabled = false
  button.addEventListener('click', () => ask(FAULTS[button.dataset.fault]))
}

/** Asks, reads, and shows nothing of the answer. */
async function ask(fault) {
  try {
    const response = await keeper.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        model: 'demo-small',
        stream: true,
        stream_options: { include_usage: true },
        messages: [{ role: 'user', content: 'Tell me about service workers' }],
        // An id of its own: its attempts are counted from one.
        fault: { id: crypto.randomUUID(), ...fault },
      }),
    })
    await response.text()
  } catch {
    // What became of it is on its timeline.
  }
}
