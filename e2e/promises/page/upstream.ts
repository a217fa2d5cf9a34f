import type { Behaviour } from '../../../demo/server/history/behaviours.ts'
import type { SaveAttempt } from '../../../demo/server/history/save-log.ts'
import type { UpstreamAttempt } from '../../../demo/server/upstream/upstream-log.ts'
import type { Report } from '../report.ts'

/** The server's log of a session's saves, oldest first. */
export interface SeenSaves {
  writes: SaveAttempt[]
  /** The user of each write's cookie; empty: none. */
  senders: string[]
  /** The ids of what is saved, in order of arrival. */
  messages: string[]
}

/** A request that came to another origin. */
export interface SeenElsewhere {
  hasCredentials: boolean
}

/** The stream of the protocol that nobody knows, piece by piece. */
export const OWN_PIECES = ['<<begin>>\n', 'one ', 'two ', 'three ', '<<no more>>']
export const OWN_PIECE_MS = 150

/** Between the headers and the first byte of `/thinking`. */
export const THINK_MS = 1_500

const CONTROL = '/__promises'

/** The page's own server, asked past every worker: what it saw, and how it is to misbehave. */
export const upstream = {
  /** Requests of one chat, the oldest first. */
  log: (id: string) => get<UpstreamAttempt[]>(`log?id=${id}`),
  /** SHA-256 of the body that was sent, in hex. */
  digest: (id: string) => get<string | null>(`digest?id=${id}`),
  saves: (session: string) => get<SeenSaves>(`saves?id=${session}`),
  elsewhere: (id: string) => get<{ port: number; seen: SeenElsewhere[] }>(`elsewhere?id=${id}`),
  behave: (session: string, behaviour: Behaviour) => send('PUT', 'behaviour', { session, ...behaviour }),
  /** Another version of every worker, for the browser to find. */
  deploy: () => send('POST', 'deploy', null),
  report: (report: Report) => send('POST', 'report', report),
}

async function get<Result>(path: string): Promise<Result> {
  const response = await fetch(`${CONTROL}/${path}`)
  if (!response.ok) throw new Error(`Cannot ask the page’s server: ${response.status}`)
  return (await response.json()) as Result
}

async function send(method: string, path: string, body: unknown): Promise<void> {
  const response = await fetch(`${CONTROL}/${path}`, { method, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`Cannot tell the page’s server: ${response.status}`)
}
