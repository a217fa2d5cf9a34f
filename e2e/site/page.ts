import {
  createKeeper,
  isStatus,
  type Keeper,
  type Options,
  register,
  type Status,
  streamChat,
  workerUrl,
} from '../../client/index.ts'
import { readByEventSource, readByXhr, readText } from './other-readers.ts'
import { type CallInit, type Call, readCall } from './read-call.ts'

/** The API of the bare test page for specs: the library itself, and a record of everything that its user would notice. */
export interface TestPage {
  keeper: Keeper | undefined
  /** All that was told, in order. */
  statuses: Status[]
  /** What the page's console was warned of. */
  warnings: string[]
  /** Requests by the name a spec gave them. */
  calls: Record<string, Call>
  /** Registers (`null`: the app has a worker of its own), and listens from then on. Resolves with what the page is told about its state. */
  register: (
    options: Options,
    script?: string | null,
  ) => Promise<{ state: string; reason?: string | undefined }>
  /** Sends a request as an app would, that knows nothing of us, and records what comes. */
  fetch: (name: string, url: string, init: CallInit) => void
  /** The same through `keeper.fetch`. */
  keeperFetch: (name: string, url: string, init: CallInit) => void
  /** The same through `streamChat`. */
  streamChat: (name: string, url: string, init: CallInit) => void
  /** The same by fetch, read by `response.text()`. */
  fetchText: (name: string, url: string, init: CallInit) => void
  /** The same by XMLHttpRequest. */
  xhr: (name: string, url: string, init: CallInit) => void
  /** Listens to a GET stream by EventSource. */
  eventSource: (name: string, url: string) => void
  /** Aborts the signal of that request, or the XMLHttpRequest, and does nothing else. */
  abort: (name: string) => void
}

/** A request as JSON. */

const aborts = new Map<string, AbortController>()

const testPage: TestPage = {
  keeper: undefined,
  statuses: [],
  warnings: [],
  calls: {},
  register: async (options, script = '/streamkeeper-sw.js') => {
    const keeper = await register(script ?? undefined, options)
    if (keeper !== testPage.keeper) keeper.on('*', (status) => testPage.statuses.push(status))
    testPage.keeper = keeper
    const { state, reason } = keeper
    return { state, reason }
  },
  fetch: (name, url, init) => start(name, init, (prepared) => window.fetch(url, prepared)),
  keeperFetch: (name, url, init) =>
    start(name, init, (prepared) => (testPage.keeper?.fetch ?? window.fetch)(url, prepared)),
  streamChat: (name, url, { body, headers }) => {
    const call = open(name)
    const signal = signalOf(name)
    void (async () => {
      try {
        const chunks = streamChat(url, { body: JSON.parse(body ?? '{}'), headers: headers ?? {}, signal })
        for await (const item of chunks) {
          if (isStatus(item)) call.statuses.push(item)
          else call.items.push(item)
        }
        call.state = 'whole'
      } catch (error) {
        call.state = 'failed'
        call.error = String(error)
        call.code = (error as { code?: string }).code
      }
    })()
  },
  fetchText: (name, url, init) => start(name, init, (prepared) => window.fetch(url, prepared), readText),
  xhr: (name, url, init) => readByXhr(url, init, open(name), signalOf(name)),
  eventSource: (name, url) => readByEventSource(url, open(name)),
  abort: (name) => aborts.get(name)?.abort(),
}

const { warn } = console
console.warn = (...words: unknown[]) => {
  testPage.warnings.push(words.join(' '))
  warn(...words)
}

function start(
  name: string,
  init: CallInit,
  send: (prepared: RequestInit) => Promise<Response>,
  read = readCall,
): void {
  const { requestId, more, headers, method = 'POST', body } = init
  const known = requestId === undefined ? {} : testPage.keeper?.headers(requestId)
  const response = send({
    ...more,
    method,
    headers: { ...headers, ...known },
    signal: signalOf(name),
    ...(body === undefined ? {} : { body }),
  })
  void read(response, open(name))
}

function open(name: string): Call {
  return (testPage.calls[name] = {
    state: 'waiting',
    startedAt: Date.now(),
    headers: {},
    chunks: [],
    items: [],
    statuses: [],
  })
}

function signalOf(name: string): AbortSignal {
  const abort = new AbortController()
  aborts.set(name, abort)
  return abort.signal
}

declare global {
  interface Window {
    streamkeeper: {
      createKeeper: typeof createKeeper
      register: typeof register
      streamChat: typeof streamChat
      isStatus: typeof isStatus
      workerUrl: typeof workerUrl
    }
    e2e: TestPage
  }
}

window.streamkeeper = { createKeeper, register, streamChat, isStatus, workerUrl }
window.e2e = testPage
