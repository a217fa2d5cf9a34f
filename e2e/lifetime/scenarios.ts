import type { BrowserName } from './browsers.ts'

/** The instructions of one row to the page and the upstream: it travels in the page's URL, and in its request's body. ms. */
export interface Scenario {
  /** As `--only` takes it. */
  number: number
  title: string
  model: string
  stream: boolean
  /** The upstream sends nothing, not even headers, for so long. */
  silenceMs: number
  /** Then it streams for so long. */
  durationMs: number
  /** When another tab covers the page's, after the request. */
  hideAtMs?: number
  /** When the page is reloaded, after the request; from then on it is hidden. */
  reloadAtMs?: number
  /** When the page closes itself, the last one of its site, after the request. */
  closeAtMs?: number
  /** How long it stays closed; then another page is opened, which reads what was kept. */
  closedForMs?: number
  /** `resume.graceMs`, if not the default. */
  graceMs?: number
  /** Instead of ours a worker without any of our precautions: its stream is expected to be cut. */
  isControl?: boolean
  /** How many requests are expected upstream; default 1. */
  requests?: number
  /** Browsers in which it would prove nothing. */
  leftOut?: readonly BrowserName[]
}

const SECOND = 1_000
const MINUTE = 60 * SECOND

const STREAM = { model: 'gpt-4o', stream: true, silenceMs: 0 }
/** A model that may think: it has 600 s where others have less. */
const SILENCE = {
  model: 'o3',
  silenceMs: 7 * MINUTE,
  // Firefox fails every request, worker or none, that has no headers for 300 s.
  leftOut: ['firefox'],
} as const

export const SCENARIOS: readonly Scenario[] = [
  {
    ...STREAM,
    number: 0,
    title: 'control: a worker that only relays',
    durationMs: 6 * MINUTE,
    isControl: true,
    // WebKit cuts no stream of a worker whose page is open.
    leftOut: ['webkit'],
  },
  { ...STREAM, number: 1, title: '12 min stream, visible', durationMs: 12 * MINUTE },
  {
    ...STREAM,
    number: 2,
    title: '12 min stream, hidden from 10 s on',
    durationMs: 12 * MINUTE,
    hideAtMs: 10 * SECOND,
  },
  {
    ...SILENCE,
    number: 3,
    title: '7 min silent, then a stream',
    stream: true,
    durationMs: 10 * SECOND,
    // After 120 s without headers a stream of a reasoning model is asked for once more.
    requests: 2,
  },
  { ...SILENCE, number: 4, title: '7 min silent, then JSON', stream: false, durationMs: 0 },
  {
    ...STREAM,
    number: 5,
    title: '6 min stream, reloaded at 8 s, hidden from then on',
    durationMs: 6 * MINUTE,
    reloadAtMs: 8 * SECOND,
    leftOut: ['firefox'],
  },
  closedFor(6, 5),
  closedFor(7, 20),
  closedFor(8, 60),
  { ...closedFor(9, 60), title: 'the same after 60 s, `resume.graceMs` 120 s', graceMs: 120 * SECOND },
]

function closedFor(number: number, seconds: number): Scenario {
  return {
    ...STREAM,
    number,
    title: `90 s stream, its only page closed at 8 s, another one opened ${seconds} s later`,
    durationMs: 90 * SECOND,
    closeAtMs: 8 * SECOND,
    closedForMs: seconds * SECOND,
    // Firefox ends when the page closes itself: the row would have to be acted out another way.
    leftOut: ['firefox'],
  }
}

/** Below this nothing has begun that could be hidden or reloaded, ms. */
const SOONEST_MS = 1_000

/** All scenarios, or those of these numbers, their times multiplied by `scale`. Controls need the true times. */
export function chooseScenarios(scale: number, only?: readonly number[]): Scenario[] {
  const chosen = only
    ? SCENARIOS.filter(({ number }) => only.includes(number))
    : SCENARIOS.filter(({ isControl }) => !isControl || scale >= 1)
  return chosen.map((scenario) => atScale(scenario, scale))
}

function atScale(scenario: Scenario, scale: number): Scenario {
  const { silenceMs, durationMs, hideAtMs, reloadAtMs, closeAtMs, closedForMs } = scenario
  const moment = (ms: number) => Math.max(SOONEST_MS, ms * scale)
  return {
    ...scenario,
    silenceMs: silenceMs * scale,
    ...(scale < 1 ? { requests: 1 } : {}),
    durationMs: durationMs * scale,
    ...(hideAtMs === undefined ? {} : { hideAtMs: moment(hideAtMs) }),
    ...(reloadAtMs === undefined ? {} : { reloadAtMs: moment(reloadAtMs) }),
    ...(closeAtMs === undefined ? {} : { closeAtMs: moment(closeAtMs) }),
    ...(closedForMs === undefined ? {} : { closedForMs: moment(closedForMs) }),
  }
}
