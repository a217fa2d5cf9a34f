import { type WorkerName } from '../report.ts'
import { type Call, call, type Seen } from './call.ts'
import { FRESH } from './fresh.ts'

/** A page of the app, in a frame of its own: one more client of its worker. */
export interface AppPage {
  readonly window: Window & typeof globalThis
  /** Sends a request as JSON, by POST. */
  post: (path: string, body: unknown, headers?: Record<string, string>) => Call
  get: (path: string) => Call
  /**
   * Saves a message as apps do: one that is refused for its token is sent once more with a fresh one. Resolves with the
   * last that came of it.
   */
  save: (session: string, id: string, headers?: Record<string, string>) => Promise<Seen>
  reload: () => Promise<void>
  close: () => void
}

/** Opens a page of the app; rejects where its worker cannot be had. */
export async function openAppPage(worker: WorkerName): Promise<AppPage> {
  const frame = document.createElement('iframe')
  frame.title = 'A page of the app'
  frame.hidden = true
  frame.src = `/${worker}/`
  const loaded = nextLoad(frame)
  document.body.append(frame)
  await loaded
  const window = () => frame.contentWindow as Window & typeof globalThis
  await window().app.ready

  const post: AppPage['post'] = (path, body, headers = {}) =>
    call(window(), path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  return {
    get window() {
      return window()
    },
    post,
    get: (path) => call(window(), path, {}),
    save: async (session, id, headers = {}) => {
      const path = `/api/sessions/${session}/messages`
      const message = { id, role: 'user', content: `Message ${id}`, createdAt: 1_000 }
      const seen = await post(path, message, headers).ended
      return seen.status === 401 ? post(path, message, { ...headers, ...FRESH }).ended : seen
    },
    reload: async () => {
      const loaded = nextLoad(frame)
      window().location.reload()
      await loaded
      await window().app.ready
    },
    close: () => frame.remove(),
  }
}

function nextLoad(frame: HTMLIFrameElement): Promise<unknown> {
  return new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
}
