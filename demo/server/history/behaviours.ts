import { isRecord } from '../is-record.ts'

/** How writes to the history are to go wrong. Reads always work, so that a test can look. */
export interface Behaviour {
  /**
   * - `ok`: they work
   * - `fail`: answered with `status` (default 503) and `headers`; nothing is saved
   * - `slow`: saved after `delayMs` (default 5 000)
   * - `auth`: 401 without `Authorization: Bearer <token>`
   * - `reject`: refused with `status` (default 400)
   * - `html`: a login page with status 200; nothing is saved
   * - `redirect`: `status` (default 302) to a login page
   * - `reset`: the connection is reset; nothing is saved
   * - `lost`: saved, but the connection is reset before the answer
   */
  mode: (typeof MODES)[number]
  /** How many writes; then all is well again. Default: until told otherwise. */
  times?: number
  status?: number
  headers?: Record<string, string>
  delayMs?: number
  /** Default: `demo-token`. */
  token?: string
}

const MODES = ['ok', 'fail', 'slow', 'auth', 'reject', 'html', 'redirect', 'reset', 'lost'] as const

const GOOD: Behaviour = { mode: 'ok' }

export interface Behaviours {
  /** For one session, or for all that have none of their own. */
  set: (session: string | undefined, behaviour: Behaviour) => void
  get: (session: string | undefined) => Behaviour
  /** The behaviour this write meets; it counts as one of its `times` only when it does meet it. */
  take: (session: string | undefined, authorization: string | undefined) => Behaviour
}

const KEPT = 1_000

export function createBehaviours(): Behaviours {
  const behaviours = new Map<string | undefined, Behaviour>()
  const get = (session: string | undefined) => behaviours.get(session) ?? behaviours.get(undefined) ?? GOOD

  const set = (session: string | undefined, behaviour: Behaviour) => {
    behaviours.delete(session)
    behaviours.set(session, behaviour)
    const [oldest] = behaviours.keys()
    if (behaviours.size > KEPT) behaviours.delete(oldest)
  }

  return {
    set,
    get,
    take: (session, authorization) => {
      const met = get(session)
      if (met.mode === 'auth' && authorization === `Bearer ${met.token ?? 'demo-token'}`) return GOOD
      if (met.times !== undefined) {
        const scope = behaviours.get(session) === met ? session : undefined
        if (met.times > 1) behaviours.set(scope, { ...met, times: met.times - 1 })
        // `ok`, not nothing: what holds for all sessions must not show through.
        else behaviours.set(scope, GOOD)
      }
      return met
    },
  }
}

/** Returns what is wrong, as text, when the body is no behaviour. */
export function readBehaviour(body: unknown): (Behaviour & { session?: string }) | string {
  if (!isRecord(body)) return 'The body must be a JSON object'
  const { session, mode, times, status, headers, delayMs, token, ...others } = body
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) return `Unknown field ${unknown}`
  if (!MODES.some((known) => known === mode)) return `mode must be one of ${MODES.join(', ')}`
  if (session !== undefined && typeof session !== 'string') return 'session must be a string'
  if (times !== undefined && !isWhole(times, 1, 1e6)) return 'times must be a whole number from 1'
  if (status !== undefined && !isWhole(status, 200, 599)) return 'status must be from 200 to 599'
  if (delayMs !== undefined && !isWhole(delayMs, 0, 2 ** 31 - 1))
    return 'delayMs must be a whole number from 0'
  if (token !== undefined && typeof token !== 'string') return 'token must be a string'
  if (headers !== undefined && !isRecord(headers)) return 'headers must be an object'
  return body as unknown as Behaviour & { session?: string }
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max
}
