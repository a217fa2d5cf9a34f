import { setTimeout as sleep } from 'node:timers/promises'
import { readText } from '../read-text.ts'
import type { Answer } from '../server.ts'
import { type Arrivals, createArrivals } from './arrivals.ts'

/** The API that takes one path's messages. */
export interface Inbox {
  /** It breaks every connection that brings a message. */
  isDown: boolean
  arrivals: Arrivals
}

export interface Receiver {
  answer: Answer
  /**
   * A new API for that path, in place of the one before.
   *
   * @param delayMs what it takes to answer
   */
  open: (path: string, delayMs: number) => Inbox
}

/** Takes messages below `/saves/` and keeps nothing but their count and their order. */
export function createReceiver(): Receiver {
  const inboxes = new Map<string, Inbox & { delayMs: number }>()
  return {
    answer: async (req, res) => {
      const [, saves, path = '', conversation = ''] = (req.url ?? '').split('/')
      const inbox = saves === 'saves' && inboxes.get(path)
      if (!inbox) return false
      const { n } = JSON.parse(await readText(req)) as { n: number }
      if (inbox.isDown) {
        res.destroy()
        return true
      }
      inbox.arrivals.note(conversation, n)
      if (inbox.delayMs > 0) await sleep(inbox.delayMs)
      res.writeHead(201, { 'Content-Type': 'application/json' }).end(`{"n":${n}}`)
      return true
    },
    open: (path, delayMs) => {
      const inbox = { isDown: false, delayMs, arrivals: createArrivals() }
      inboxes.set(path, inbox)
      return inbox
    },
  }
}
