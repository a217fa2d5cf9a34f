import type { Fault } from '../../demo/server/step.ts'
import type { ClientName, Reply } from '../site/clients.ts'
import { expect } from '../support/test.ts'
import { openClients, type Surroundings } from './open-clients.ts'

/** The outcome of one client's question. */
export type Outcome =
  /** All of the answer, with its reason to end. */
  | 'whole'
  /** An error that the app can show. */
  | 'told'
  /** Less than the answer, given as if it were all of it. */
  | 'cut'
  /** Nothing, given as an answer. */
  | 'empty'
  /** Neither answer nor error, however long the app waits. */
  | 'hangs'

export interface Result {
  outcome: Outcome
  /** Requests that reached the provider. */
  attempts: number
  reply: Reply
}

export interface Run extends Surroundings {
  clients: readonly ClientName[]
  fault: Omit<Fault, 'id'>
  /** A client that has said nothing after so long hangs. */
  patienceMs: number
}

/** The provider's text: longer than the point at which its faults break it off. */
const TEXT = Array.from({ length: 50 }, (_, index) => `word${index}`).join(' ')
/** The provider's text byte by byte, which is much work with many simultaneous clients. */
const SHORT_TEXT = 'Hello, world'

/** Asks once by each client, all at once, in a page and of a server of their own. */
export async function runClients(run: Run): Promise<Record<string, Result>> {
  await using clients = await openClients(run)
  const { page, upstream } = clients
  const text = saysByteByByte(run.fault) ? SHORT_TEXT : TEXT
  const asked = await clients.ask(run.clients, { ...run.fault, answer: { text, ...run.fault.answer } })
  const haveEnded = () =>
    page.evaluate(() => Object.values(window.clients.replies).every(({ state }) => state !== 'waiting'))
  await expect
    .poll(haveEnded, { timeout: run.patienceMs })
    .toBe(true)
    .catch(() => {}) // A client that still waits then hangs.
  const results: Record<string, Result> = {}
  for (const { name, id, reply: replyOf } of asked) {
    const reply = await replyOf()
    results[name] = { outcome: outcomeOf(reply, text), attempts: (await upstream.log(id)).length, reply }
  }
  return results
}

function saysByteByByte({ steps }: Run['fault']): boolean {
  return steps.some((step) => step.kind === 'answer' && step.chunking === 'byte')
}

function outcomeOf({ state, text, finish }: Reply, said: string): Outcome {
  if (state === 'waiting') return 'hangs'
  if (state !== 'whole') return 'told'
  if (!text) return 'empty'
  return text === said && finish !== undefined ? 'whole' : 'cut'
}
