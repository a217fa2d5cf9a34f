import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Behaviour } from '../../demo/server/history/behaviours.ts'
import type { SavedMessage } from '../../demo/server/history/messages.ts'
import type { SaveAttempt } from '../../demo/server/history/save-log.ts'
import { type RunningServer, startServer } from '../../demo/server/start-server.ts'
import type { UpstreamAttempt } from '../../demo/server/upstream/upstream-log.ts'

/** The demo's server as one test has it: its own port, its own history, and what the upstream saw. */
export interface TestServer {
  url: string
  /** As if the machine had gone: every connection breaks, nobody listens. What is saved stays. */
  stop: () => Promise<void>
  /** Breaks every open connection; new ones are welcome. */
  dropConnections: () => void
  /** Back again at the same port; its logs begin anew. */
  start: () => Promise<void>
  /** The upstream's log of one fault's requests, or of all, without preflights. */
  log: (id?: string) => Promise<UpstreamAttempt[]>
  /** Every page takes so long from now on, ms. Resolves when the next one is asked for. */
  slowPages: (afterMs: number) => Promise<void>
  /** Which writes of a session reached the history. */
  saves: (session: string) => Promise<SaveAttempt[]>
  /** All writes that ever reached a history of this test's, the oldest first. */
  received: () => SaveAttempt[]
  /** The rows of a session in SQLite, in order of arrival. */
  messages: (session: string) => Promise<SavedMessage[]>
  behave: (behaviour: Behaviour & { session?: string }) => Promise<void>
  close: () => Promise<void>
}

export async function startTestServer(site: string): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'streamkeeper-history-'))
  let pagesAfterMs = 0
  let asked = Promise.withResolvers<void>()
  const options = {
    site,
    database: join(folder, 'history.sqlite'),
    tokensPerSecond: () => 200,
    pagesAfterMs: () => {
      asked.resolve()
      return pagesAfterMs
    },
  }
  let running: RunningServer | undefined = await startServer(options)
  const { url, port } = running

  const get = async <Result>(path: string): Promise<Result> => {
    const response = await fetch(url + path)
    if (!response.ok) throw new Error(`Cannot read ${path}: ${response.status} ${await response.text()}`)
    return response.json() as Promise<Result>
  }
  const ended: SaveAttempt[] = []
  const stop = async () => {
    await running?.close()
    ended.push(...(running?.saves() ?? []))
    running = undefined
  }

  return {
    url,
    stop,
    dropConnections: () => running?.dropConnections(),
    start: async () => {
      running ??= await startServer({ ...options, port })
    },
    log: async (id) => {
      const attempts = await get<UpstreamAttempt[]>(
        id === undefined ? '/__upstream/log' : `/__upstream/log?id=${id}`,
      )
      return attempts.filter(({ method }) => method !== 'OPTIONS')
    },
    slowPages: (afterMs) => {
      pagesAfterMs = afterMs
      asked = Promise.withResolvers()
      return asked.promise
    },
    saves: (session) => get(`/api/log?session=${session}`),
    received: () => [...ended, ...(running?.saves() ?? [])],
    messages: (session) => get(`/api/sessions/${session}/messages`),
    behave: async (behaviour) => {
      const response = await fetch(`${url}/api/behaviour`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(behaviour),
      })
      if (!response.ok) throw new Error(`Cannot set behaviour: ${await response.text()}`)
    },
    close: async () => {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
