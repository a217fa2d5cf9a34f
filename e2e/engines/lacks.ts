import type { Engine } from './engine.ts'

/** Tests that an engine cannot run, and why. */
export interface Lack {
  engines: readonly Engine[]
  /** The spec's file. */
  spec: string
  /** Parts of the tests' titles; absent: the whole spec. */
  tests?: readonly string[] | undefined
  why: string
}

const OTHERS = ['firefox', 'webkit'] as const

/** Reasons that many tests share. */
const HIDDEN = 'fetch() hides the headers until the first byte of the body, so headersMs has no effect'
const LEAD = 'no backpressure: the engine reads far ahead of the page'
const UNANSWERED =
  'the browser does not deliver a request to the next worker if its worker dies before the Response'
const DEVTOOLS = 'needs Chromium’s debugger'

/** Tests of Playwright's own pages, which WebKit has none of. */
const DRIVER: Record<string, readonly string[] | undefined> = {
  'adoption/vite.spec.ts': ['a fresh Vite app'],
  'foreign-access.spec.ts': [
    'gets a response by tricks',
    'no element of',
    'leads to shows',
    'an address that is typed',
  ],
  'host-workers.spec.ts': [
    'a keeper that is retired',
    'whenIdle() lets',
    'a host that skips waiting',
    'a wrong option',
  ],
}

/** The one list of what is not run, and where. Each is skipped by name with its reason. */
export const LACKS: readonly Lack[] = [
  { engines: OTHERS, spec: 'background-sync.spec.ts', why: 'no Background Sync' },
  {
    engines: ['webkit'],
    spec: 'notifications.spec.ts',
    tests: ['an EventSource that its worker took'],
    why: 'a process reads the notification permission only when it starts, and the driver cannot start a new process for the next worker',
  },
  {
    engines: ['webkit'],
    spec: 'clients/stop.spec.ts',
    tests: ['an abort that is not visible before the headers'],
    why: 'an XMLHttpRequest that is aborted before its Response does not give up the one that comes later',
  },
  { engines: OTHERS, spec: 'static-routes.spec.ts', why: 'no static routes (addRoutes)' },
  {
    engines: ['firefox'],
    spec: 'timeouts.spec.ts',
    tests: [
      'headers that never come',
      'a fresh connection is given a chance',
      'a server that needs three times',
      'a model that does not reason is cut when it is silent after the headers',
    ],
    why: HIDDEN,
  },
  {
    engines: ['firefox'],
    spec: 'retries.spec.ts',
    tests: ['a reset before the headers'],
    why: 'Firefox sends a reset request again by itself, on a new connection, too',
  },
  {
    engines: ['firefox'],
    spec: 'use-chat.spec.ts',
    tests: ['is cut before anything has come, by reset'],
    why: 'fetch() hides the headers until the first byte of the body: the reset may come before the worker knows that the server has the chat',
  },
  {
    engines: OTHERS,
    spec: 'attachments.spec.ts',
    tests: ['a body that breaks while it is read'],
    why: 'no streams as request bodies',
  },
  {
    engines: ['webkit'],
    spec: 'attachments.spec.ts',
    tests: ['a body made of form'],
    why: 'a page cannot read a Request made of a form with a file, so the test cannot say what was sent',
  },
  {
    engines: ['firefox'],
    spec: 'foreign-access.spec.ts',
    tests: ['no element of'],
    why: 'elements that load a stream never end, with load or with error',
  },
  {
    engines: ['firefox'],
    spec: 'promises.spec.ts',
    tests: ['F24 a dedicated Worker'],
    why: 'a service worker is not told that a dedicated Worker was terminated',
  },
  {
    engines: ['webkit'],
    spec: 'promises.spec.ts',
    tests: ['S4 a response whose bytes were lost'],
    why: 'the driver cannot kill the same worker twice in a row',
  },
  {
    engines: ['webkit'],
    spec: 'connections.spec.ts',
    why: 'a refused request’s connection is not used again: 25 for twenty chats',
  },
  {
    engines: ['webkit'],
    spec: 'registration.spec.ts',
    tests: ['a page that was reloaded past its worker'],
    why: 'no reload bypasses the worker',
  },
  {
    engines: ['webkit'],
    spec: 'shared-limits.spec.ts',
    tests: ['a worker killed in the cool-down'],
    why: UNANSWERED,
  },
  {
    engines: ['webkit'],
    spec: 'worker-death.spec.ts',
    tests: ['the worker dies before', 'dies twice before the headers'],
    why: UNANSWERED,
  },
  { engines: OTHERS, spec: 'order.spec.ts', tests: ['a worker that dies in a clear()'], why: UNANSWERED },
  { engines: ['webkit'], spec: 'storage.spec.ts', tests: ['a disk that is full'], why: DEVTOOLS },
  { engines: ['firefox'], spec: 'storage.spec.ts', tests: ['a disk that is full'], why: DEVTOOLS },
  { engines: ['firefox'], spec: 'host-workers.spec.ts', tests: ['a wrong option'], why: DEVTOOLS },
  {
    engines: ['firefox'],
    spec: 'host-workers.spec.ts',
    tests: ['a host that skips waiting'],
    why: 'the driver cannot read a worker’s console',
  },
  { engines: OTHERS, spec: 'readers.spec.ts', why: LEAD },
  ...['offline', 'local-network', 'browser-kill', 'clear-site-data'].map((spec) => ({
    engines: OTHERS,
    spec: `${spec}.spec.ts`,
    why: 'starts a Chromium of its own, with a named host or a profile that stays',
  })),
  ...Object.entries(DRIVER).map(([spec, tests]) => ({
    engines: ['webkit'] as const,
    spec,
    tests,
    why: 'drives Playwright’s own pages',
  })),
]

/** Why a test is not run in this engine; `undefined`: it is. */
export function lackOf(engine: Engine, spec: string, title: string): string | undefined {
  return LACKS.find(
    (lack) =>
      lack.engines.includes(engine) &&
      spec.endsWith(`/${lack.spec}`) &&
      (lack.tests?.some((part) => title.includes(part)) ?? true),
  )?.why
}
