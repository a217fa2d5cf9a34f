import { type Keeper, type Options, register } from '../../client/index.ts'
import { type Client, failWith, type Question, type Reply } from './clients/client.ts'
import { EVENT_SOURCE, FETCH, FETCH_TEXT, XHR } from './clients/platform.ts'
import * as sdks from './clients/sdks.ts'
import { USE_CHAT } from './clients/use-chat.ts'

export type { Reply } from './clients/client.ts'

const CLIENTS = {
  'openai chat': sdks.OPENAI_CHAT,
  'openai chat, whole': sdks.OPENAI_CHAT_WHOLE,
  'openai responses': sdks.OPENAI_RESPONSES,
  'openai responses, whole': sdks.OPENAI_RESPONSES_WHOLE,
  'openai background': sdks.OPENAI_BACKGROUND,
  anthropic: sdks.ANTHROPIC,
  'anthropic stream': sdks.ANTHROPIC_STREAM,
  'anthropic, whole': sdks.ANTHROPIC_WHOLE,
  streamText: sdks.AI_STREAM_TEXT,
  generateText: sdks.AI_GENERATE_TEXT,
  useChat: USE_CHAT,
  fetch: FETCH,
  'fetch text': FETCH_TEXT,
  XHR,
  EventSource: EVENT_SOURCE,
} satisfies Record<string, Client>

export type ClientName = keyof typeof CLIENTS

/** The API of this page for specs. */
export interface ClientsPage {
  names: ClientName[]
  paths: Record<string, string>
  replies: Record<string, Reply>
  keeper: Keeper | undefined
  register: (options: Options) => Promise<void>
  ask: (id: string, name: ClientName, question: Omit<Question, 'reply' | 'stop'>) => void
  stop: (id: string) => void
}

const stops = new Map<string, AbortController>()

window.clients = {
  names: Object.keys(CLIENTS) as ClientName[],
  paths: Object.fromEntries(Object.entries(CLIENTS).map(([name, { path }]) => [name, path])),
  replies: {},
  keeper: undefined,
  register: async (options) => {
    window.clients.keeper = await register('/streamkeeper-sw.js', options)
  },
  ask: (id, name, question) => {
    const stop = new AbortController()
    stops.set(id, stop)
    const reply: Reply = { state: 'waiting', text: '' }
    window.clients.replies[id] = reply
    CLIENTS[name].ask({ ...question, stop: stop.signal, reply }).then(
      () => (reply.state = stop.signal.aborted ? 'stopped' : 'whole'),
      (error: unknown) => failWith(reply, error, stop.signal),
    )
  },
  stop: (id) => stops.get(id)?.abort(),
}

declare global {
  interface Window {
    clients: ClientsPage
  }
}
