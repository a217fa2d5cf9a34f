import type { BrowserContext, Page as Driver } from '@playwright/test'
import { engine } from '../engines/engine.ts'
import type { EngineFixtures, Use } from '../engines/fixtures.ts'
import { runByMessage } from '../engines/worker-hook.ts'
import { connectedChromium } from './connected-chromium.ts'
import { test as base } from './hosts.ts'
import type { Page } from './page.ts'
import type { TestServer } from './test-server.ts'

export { expect } from './test.ts'

/** A notification as the browser has it. */
export interface ShownNotification {
  title: string
  body: string
  tag: string
}

interface WorkerFixtures {
  /** Readies what looks into the worker from beside the app, before the app's last page may close. */
  observe: () => Promise<unknown>
  /** Runs a function in the service worker of the app; it must stand alone. */
  runInWorker: <Result, Argument>(
    run: (argument: Argument) => Result | Promise<Result>,
    argument?: Argument,
  ) => Promise<Result>
}

interface HiddenTabsFixtures {
  /** Lets the app's origin show notifications, as its person might have. */
  grant: () => Promise<void>
  /** Another tab comes to the front; the ones that were there are hidden until one is shown. */
  hideAll: () => Promise<void>
  notifications: () => Promise<ShownNotification[]>
  /**
   * A click on the one with that tag, as the worker hears of it. Resolves with what it did: only a person's own click
   * may bring a window to the front, so that is noted instead of done.
   */
  clickNotification: (tag: string) => Promise<string[]>
}

const inChromium = {
  context: connectedChromium,
  page: async ({ context }: { context: BrowserContext }, use: Use<Driver>) => use(await context.newPage()),
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  observe: async ({}, use: Use<WorkerFixtures['observe']>) => use(async () => {}),
  runInWorker: async ({ context }: { context: BrowserContext }, use: Use<WorkerFixtures['runInWorker']>) => {
    await use(async (run, argument) => {
      const worker = context.serviceWorkers().at(-1) ?? (await context.waitForEvent('serviceworker'))
      await worker.evaluate(takeTurns)
      return worker.evaluate(run as (argument: unknown) => never, argument)
    })
  },
}

/** The page that looks into the worker. */
const OBSERVER = '/e2e/site/outside.html'

const inOthers = {
  observe: async (
    { server, tab }: Pick<EngineFixtures, 'tab'> & { server: TestServer },
    use: Use<() => Promise<Page>>,
  ) => {
    let observer: Promise<Page> | undefined
    const open = async () => {
      const page = await tab.newTab()
      await page.goto(server.url + OBSERVER)
      return page
    }
    await use(() => (observer ??= open()))
  },
  runInWorker: async (
    { observe }: { observe: () => Promise<Page> },
    use: Use<WorkerFixtures['runInWorker']>,
  ) => {
    await use(async (run, argument) => {
      const observer = await observe()
      await runByMessage(observer, leaveOut, OBSERVER)
      return runByMessage(observer, run, argument)
    })
  },
}

/** Tabs that are really hidden, and what is shown of what ends in them. */
export const test = (
  engine === 'chromium'
    ? base.extend<WorkerFixtures>(inChromium)
    : base.extend<WorkerFixtures>(inOthers as never)
).extend<HiddenTabsFixtures>({
  grant: async ({ grantNotifications, observe, server }, use) => {
    await use(async () => {
      await grantNotifications(server.url)
      await observe()
    })
  },
  hideAll: async ({ hideTabs, runInWorker }, use) => {
    await use(async () => {
      // It is made ready before anything is shown.
      await runInWorker(() => {})
      await hideTabs()
    })
  },
  notifications: async ({ runInWorker }, use) => use(() => runInWorker(readNotifications)),
  clickNotification: async ({ runInWorker }, use) => use((tag) => runInWorker(click, tag)),
})

/** The part of a worker's global scope that tests use; its types conflict with those of a page. */
interface WorkerScope {
  registration: Pick<ServiceWorkerRegistration, 'showNotification' | 'getNotifications'>
  takesTurns?: true
  clients: {
    matchAll: (which?: object) => Promise<{ url: string }[]>
    openWindow: (url: string) => Promise<null>
    leftOut?: string
  }
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

/** A page that is none of the app's is not one that looks, and none to show. */
function leaveOut(path: string): void {
  const { clients } = self as unknown as WorkerScope
  if (clients.leftOut === path) return
  clients.leftOut = path
  const matchAll = clients.matchAll.bind(clients)
  clients.matchAll = async (which) => (await matchAll(which)).filter(({ url }) => !url.endsWith(path))
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
