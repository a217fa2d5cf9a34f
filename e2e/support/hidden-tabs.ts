import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Worker } from '@playwright/test'
import { test as base } from './hosts.ts'
import { launchOptions } from './launch-options.ts'

export { expect } from './test.ts'

/** A notification as the browser has it. */
export interface ShownNotification {
  title: string
  body: string
  tag: string
}

interface HiddenTabsFixtures {
  /** Lets the app's origin show notifications, as its person might have. */
  grant: () => Promise<void>
  /** Another tab comes to the front; the ones that were there are hidden until one is shown. */
  hideAll: () => Promise<void>
  /** The service worker of the app. */
  worker: () => Promise<Worker>
  notifications: () => Promise<ShownNotification[]>
  /**
   * A click on the one with that tag, as the worker hears of it. Resolves with what it did: only a person's own click
   * may bring a window to the front, so that is noted instead of done.
   */
  clickNotification: (tag: string) => Promise<string[]>
}

/**
 * Tabs that are really hidden. A browser that Playwright starts takes each of its tabs for one that is looked at; one
 * that it only connects to does not.
 */
export const test = base.extend<HiddenTabsFixtures>({
  // eslint-disable-next-line no-empty-pattern
  context: async ({}, use) => {
    const { executablePath = 'chromium', args = [] } = launchOptions()
    const profile = await mkdtemp(join(tmpdir(), 'streamkeeper-hidden-tabs-'))
    const command = [
      ...args,
      '--headless=new',
      '--remote-debugging-port=0',
      '--window-size=1280,900',
      `--user-data-dir=${profile}`,
    ]
    const running = spawn(executablePath, [...command, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const ended = new Promise((resolve) => running.once('exit', resolve))
    const address = await new Promise<string>((resolve, reject) => {
      let said = ''
      running.once('error', reject)
      running.stderr.on('data', (data) => {
        said += String(data)
        const [, found] = /DevTools listening on (ws:\S+)/.exec(said) ?? []
        if (found) resolve(found)
      })
    })
    const browser = await chromium.connectOverCDP(address, { noDefaults: true })
    const [context] = browser.contexts()
    if (!context) throw new Error('Expected the browser to have a context')
    await use(context)
    await browser.close()
    running.kill()
    await ended
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
  },
  page: async ({ context }, use) => use(await context.newPage()),
  grant: async ({ context, server }, use) => {
    await use(() => context.grantPermissions(['notifications'], { origin: server.url }))
  },
  hideAll: async ({ context, worker }, use) => {
    await use(async () => {
      await worker()
      await context.newPage()
    })
  },
  worker: async ({ context }, use) => {
    await use(async () => {
      const worker = context.serviceWorkers().at(-1)
      const found = worker ?? (await context.waitForEvent('serviceworker'))
      await found.evaluate(takeTurns)
      return found
    })
  },
  notifications: async ({ worker }, use) => {
    await use(async () => (await worker()).evaluate(readNotifications))
  },
  clickNotification: async ({ worker }, use) => {
    await use(async (tag) => (await worker()).evaluate(click, tag))
  },
})

/** The part of a worker's global scope that tests use; its types conflict with those of a page. */
interface WorkerScope {
  registration: Pick<ServiceWorkerRegistration, 'showNotification' | 'getNotifications'>
  takesTurns?: true
  clients: { openWindow: (url: string) => Promise<null> }
  WindowClient: { prototype: { focus: (this: { url: string }) => Promise<unknown> } }
  NotificationEvent: new (type: string, init: { notification: Notification }) => Event
  dispatchEvent: (event: Event) => boolean
}

// These run in the worker; each must stand alone.

/** Chromium loses a notification that is being shown while it is asked which there are: then one waits for the other. */
function takeTurns(): void {
  const worker = self as unknown as WorkerScope
  if (worker.takesTurns) return
  worker.takesTurns = true
  const { registration } = worker
  const show = registration.showNotification.bind(registration)
  const get = registration.getNotifications.bind(registration)
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(act: () => Promise<Result>): Promise<Result> => {
    const acting = last.then(act)
    last = acting.catch(() => {})
    return acting
  }
  registration.showNotification = (...how) => inTurn(() => show(...how))
  registration.getNotifications = (...which) => inTurn(() => get(...which))
}

async function readNotifications(): Promise<ShownNotification[]> {
  const { registration } = self as unknown as WorkerScope
  return Array.from(await registration.getNotifications(), ({ title, body, tag }) => ({ title, body, tag }))
}

async function click(tag: string): Promise<string[]> {
  const worker = self as unknown as WorkerScope
  const did: string[] = []
  const done = new Promise<void>((resolve) => {
    worker.WindowClient.prototype.focus = function focus() {
      did.push(`focus ${new URL(this.url).search}`)
      resolve()
      return Promise.resolve(this)
    }
    worker.clients.openWindow = (url) => {
      did.push(`open ${new URL(url).pathname}${new URL(url).search}`)
      resolve()
      return Promise.resolve(null)
    }
  })
  const [notification] = await worker.registration.getNotifications({ tag })
  if (!notification) throw new Error(`Expected a notification with the tag ${tag}`)
  worker.dispatchEvent(new worker.NotificationEvent('notificationclick', { notification }))
  await done
  return did
}
