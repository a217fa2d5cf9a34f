import type { Page } from '../support/page.ts'

/** The fixtures that an engine provides to a spec. */
export interface EngineFixtures {
  /** An empty page of a fresh profile. */
  tab: Page
  /** Lets the worker believe that so much time has passed; its timers do not run for it. */
  passWorkerTime: (ms: number) => Promise<void>
  /** Kills the worker as a browser may at any time, whatever it is doing. */
  killWorker: () => Promise<void>
}

/** How a Playwright fixture hands its value to the test. */
export type Use<Value> = (value: Value) => Promise<void>
