import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium, type Page } from '@playwright/test'
import { launchOptions } from '../../e2e/support/launch-options.ts'
import { openPage } from '../open-page.ts'
import type { Path } from '../paths.ts'
import type { BenchServer } from '../server.ts'
import { queueInWorkbox, save, type Watch, watch, type Watched } from './in-page.ts'
import { createMessages } from './messages.ts'
import type { Receiver } from './receiver.ts'

/** A page whose messages go one path, and the API they go to. */
export interface Sender {
  path: Path
  page: Page
  /** Saves so many, one in each span of so long; resolves with how long each took to its Response, ms. */
  save: (count: number, everyMs: number) => Promise<number[]>
  /** Has so many queued while the API is down, which it is from then on. */
  queue: (count: number) => Promise<void>
  /** Brings the API back and has all that is queued sent. */
  send: () => Promise<Watched & { sent: number }>
  /** Resolves when all has arrived that was saved, where its worker sends anything. */
  settle: () => Promise<void>
  close: () => Promise<void>
}

/** After this long without a message no more will come, ms. */
const SILENCE_MS = 20_000

/**
 * Opens a page in a browser of its own with a profile on disk, for storage is part of what is measured.
 *
 * @param delayMs what the API takes to answer
 */
export async function openSender(
  path: Path,
  server: BenchServer,
  receiver: Receiver,
  delayMs: number,
): Promise<Sender> {
  const profile = await mkdtemp(join(tmpdir(), 'streamkeeper-bench-'))
  const context = await chromium.launchPersistentContext(profile, launchOptions())
  const inbox = receiver.open(path.name, delayMs)
  const { arrivals } = inbox
  const page = await openPage(context, server, path)
  const isOurs = path.worker !== null && 'options' in path.worker
  let saved = 0

  const take = (count: number) => {
    const messages = createMessages(path.name, saved, count)
    saved += count
    return messages
  }
  const settle = async () => {
    for (let [seen, seenAt] = [-1, 0]; arrivals.count() < saved; await sleep(10)) {
      if (arrivals.count() > seen) [seen, seenAt] = [arrivals.count(), Date.now()]
      else if (Date.now() - seenAt > SILENCE_MS)
        throw new Error(`Only ${seen} messages of ${saved} arrived by ${path.title}`)
    }
    arrivals.check()
  }

  return {
    path,
    page,
    save: (count, everyMs) => page.evaluate(save, { messages: take(count), everyMs }),
    queue: async (count) => {
      inbox.isDown = true
      // workbox queues what its fetch failed to send: to give it to its queue at once comes to the same.
      if (isOurs) await page.evaluate(save, { messages: take(count), everyMs: 0 })
      else await page.evaluate(queueInWorkbox, take(count))
    },
    send: async () => {
      const before = arrivals.count()
      inbox.isDown = false
      const sending: Watch = isOurs ? 'flush' : 'replay'
      const watched = await page.evaluate(watch, sending)
      const sent = arrivals.count() - before
      arrivals.check()
      if (arrivals.count() < saved)
        throw new Error(`Only ${arrivals.count()} messages of ${saved} were sent by ${path.title}`)
      return { ...watched, sent }
    },
    settle: async () => {
      if (!inbox.isDown && path.name !== 'minimal') await settle()
    },
    close: async () => {
      await context.close()
      await rm(profile, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
