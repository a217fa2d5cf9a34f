import type { Engine } from './engine.ts'

/** Tests that an engine cannot run, and why. */
export interface Lack {
  engines: readonly Engine[]
  /** The spec's file. */
  spec: string
  /** What its tests' titles begin with; absent: all of the spec. */
  tests?: readonly string[]
  why: string
}

const OTHERS = ['firefox', 'webkit'] as const

/** Reasons that many tests share. */
const HIDDEN = 'fetch() hides the headers until the first byte of the body: their clock judges nothing'
const LEAD = 'no backpressure: the engine reads far ahead of the page'
const DEVTOOLS = 'needs Chromium’s debugger'

/** The one list of what is not run, and where. Each is skipped by name with its reason. */
export const LACKS: readonly Lack[] = [
  { engines: OTHERS, spec: 'background-sync.spec.ts', why: 'no Background Sync' },
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
    spec: 'cut-streams.spec.ts',
    tests: ['response.text() of a chat that'],
    why: 'rejects with AbortError, whatever broke',
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
    why: 'a Worker of a blob has no service worker',
  },
  { engines: OTHERS, spec: 'readers.spec.ts', why: LEAD },
  { engines: OTHERS, spec: 'offline.spec.ts', why: DEVTOOLS },
]

/** Why a test is not run in this engine; `undefined`: it is. */
export function lackOf(engine: Engine, spec: string, title: string): string | undefined {
  return LACKS.find(
    (lack) =>
      lack.engines.includes(engine) &&
      spec.endsWith(`/${lack.spec}`) &&
      (lack.tests?.some((start) => title.startsWith(start)) ?? true),
  )?.why
}
