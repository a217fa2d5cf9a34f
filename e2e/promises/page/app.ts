import { createKeeper, type Keeper, type Options } from 'streamkeeper'
import { FRESH } from './fresh.ts'

/** The functions that tests call in a page of the app, besides its `fetch`. */
export interface App {
  /** Resolves when the worker controls the page; rejects where there can be none. */
  ready: Promise<void>
  /** Says who is signed in, as an app does at a log-in: by its cookie, and to streamkeeper. */
  signIn: (name: string | null) => Promise<void>
  /** Called when the app finds that its server is back: workbox replays its queue. */
  serverIsBack: () => void
}

declare global {
  interface Window {
    app: App
  }
}

/** An app's own: what its chats and saves are, and short waits so that the page does not take all day. */
const OPTIONS: Options = {
  chat: [
    '/v1/chat/completions',
    '/v1/messages',
    '/v1/ui/chat',
    '/own/stream',
    '/restarting/v1/chat/completions',
    { url: '/hasty/v1/chat/completions', timeouts: { headersMs: 1_500 } },
  ],
  saves: ['/api/sessions/:session/messages'],
  retry: { baseMs: 100, rateLimitBaseMs: 300, jitterMs: 50 },
  resume: { route: '/chats/:id/stream', key: 'body.id' },
}

// The folder says which worker the page has.
const worker = location.pathname.split('/')[1] ?? 'none'
const keeper: Keeper | undefined =
  worker === 'streamkeeper' ? createKeeper('/streamkeeper/sw.js', OPTIONS) : undefined
keeper?.provideAuth(() => FRESH)

window.app = {
  ready: start(),
  signIn: async (name) => {
    document.cookie = `who=${name ?? ''}; path=/; SameSite=Lax; max-age=${name === null ? 0 : 600}`
    await keeper?.setPrincipal(name)
  },
  serverIsBack: () => {
    if (worker === 'workbox') navigator.serviceWorker.controller?.postMessage('replay')
  },
}

async function start(): Promise<void> {
  if (keeper) {
    const { state, reason } = await keeper.ready
    if (state !== 'controlling') throw new Error(`streamkeeper’s state is ${state}, reason ${reason}`)
  } else if (worker !== 'none') {
    await navigator.serviceWorker.register(`/${worker}/sw.js`)
    if (!navigator.serviceWorker.controller)
      await new Promise((resolve) => {
        navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true })
      })
  }
}
