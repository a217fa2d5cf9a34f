import type { Page } from '../support/page.ts'

/** The fixtures that an engine provides to a spec. */
export interface EngineFixtures {
  /** An empty page of a fresh profile. */
  tab: Page
  /** Lets the worker believe that so much time has passed; its timers do not run for it. */
  passWorkerTime: (ms: number) => Promise<void>
  /** Kills the worker as a browser may at any time, whatever it is doing. */
  killWorker: () => Promise<void>
  /** Hides every tab that there is now, as another one in front does. Chromium: only in `hidden-tabs.ts`. */
  hideTabs: () => Promise<void>
  /** Lets an origin show notifications, as its person might have; best before a page is open. */
  grantNotifications: (origin: string) => Promise<void>
  /** An empty page of another browser. */
  otherDevice: Page
}

/** How a Playwright fixture hands its value to the test. */
export type Use<Value> = (value: Value) => Promise<void>
