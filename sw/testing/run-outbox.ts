import type { SaveRouteOptions } from '../../core/options/options.ts'
import type { OutboxEntry } from '../../core/messages/message.ts'
import { saysNothing } from '../../core/testing/scripted-upstream.ts'
import type { AuthQuestion } from '../page/ask-auth.ts'
import type { Outbox, OutboxContext } from '../outbox/outbox.ts'
import { createFakeDevice, type FakeDevice, type Save } from './fake-device.ts'
import { noNetwork, type Received } from './fake-upstream.ts'

/** What the server answers: a status, a Response, no response at all (`'down'`), or never one (`'silent'`). */
export type Reply = number | Response | 'down' | 'silent'

export interface Run {
  device: FakeDevice
  outbox: Outbox
  sent: Received[]
  /** Sets what the server answers from now on; 201 until then. */
  server: (replied: (request: Received) => Reply) => void
  /** Saves `text` in a session, as a page does. */
  save: (session: string, text: string, more?: Save & { query?: string }) => Promise<Response>
  /** What the server saw, in words: `session:text`. */
  seen: () => string[]
  emitted: (name: string) => FakeDevice['statuses']
  list: () => Promise<OutboxEntry[]>
}

export interface RunOptions {
  route?: Partial<SaveRouteOptions>
  context?: Partial<OutboxContext>
  auth?: (question: AuthQuestion) => Record<string, string> | null
}

/** One worker on a fake device, in front of a server that answers in one word. */
export function runOutbox({ route = {}, context, auth }: RunOptions = {}): Run {
  const device = createFakeDevice()
  if (auth) device.askAuth = async (question) => auth(question)
  const { outbox, save } = device.boot(context)
  const { upstream } = device
  return {
    device,
    outbox,
    sent: upstream.received,
    server: (replied) => {
      upstream.otherwise = (request) => {
        const reply = replied(request)
        if (reply === 'down') return noNetwork()
        if (reply === 'silent') return saysNothing()
        const response = typeof reply === 'number' ? Response.json({}, { status: reply }) : reply
        return () => Promise.resolve(response)
      }
    },
    save: (session, text, { query = '', ...more } = {}) =>
      save(`/api/sessions/${session}/messages${query}`, text, { settings: route, ...more }),
    seen: () => upstream.received.map(({ path, body }) => `${path.split('/')[3]}:${body}`),
    emitted: (name) => device.statuses.filter(({ status }) => status === name),
    list: () => outbox.list(),
  }
}
