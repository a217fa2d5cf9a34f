import { DatabaseSync } from 'node:sqlite'
import { type Clock, pause, systemClock } from '../../core/clock.ts'
import { wrongOption } from '../check-options.ts'
import { encodeName } from '../encode-name.ts'
import { OPEN_MS } from '../limits.ts'
import { createListeners } from '../stores/listeners.ts'
import type { StreamStore } from '../stores/store.ts'

const SCHEMA = `
  -- First: the others need the lock, which another process may have.
  PRAGMA busy_timeout = 2000;
  PRAGMA journal_mode = WAL;
  -- A killed process loses nothing; a machine that loses power may lose the last moments.
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  CREATE TABLE IF NOT EXISTS streams (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    conversation TEXT,
    key TEXT,
    info TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    length INTEGER NOT NULL DEFAULT 0,
    ttl_ms INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0,
    written_at INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS streams_by_key ON streams (owner, key) WHERE key IS NOT NULL;
  CREATE INDEX IF NOT EXISTS streams_by_owner ON streams (owner, conversation, number);
  CREATE INDEX IF NOT EXISTS streams_by_time ON streams (written_at);
  CREATE TABLE IF NOT EXISTS pieces (
    stream INTEGER NOT NULL REFERENCES streams (number) ON DELETE CASCADE,
    -- The position after the last byte.
    until INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (stream, until)
  ) STRICT;
`

/** How often, and for how long each time, to wait for a new file that another process makes at the same moment, ms. */
const OPENING_TRIES = 200
const OPENING_PAUSE_MS = 10

/** How long to wait for a file that another process has locked: blocking, between two tries, and in all, ms. */
const BLOCK_MS = 10
const LOCK_PAUSE_MS = 20
const LOCK_MS = 2_000

/** How often expired streams are looked for, ms; and how many are removed at once. */
const SWEEP_MS = 60_000
const SWEEP_SLICE = 50

/** How often other processes' writes are looked for while somebody waits for one, ms. */
const LOOK_MS = 250

export interface SqliteStore extends StreamStore {
  /** Closes the database; nothing may be asked of the store afterwards. */
  close: () => void
}

/**
 * Keeps streams in an SQLite file by `node:sqlite` (Node 22.13 and later, Deno 2.2 and later): the embedded default, for
 * one process. What is written outlives a `kill -9`. Several processes on one machine may share the file; they see each
 * other's writes within a quarter of a second.
 *
 * @param path the file; created if it does not exist. `':memory:'` for none.
 * @throws if the file cannot be opened, or is not named
 */
export function sqliteStore(path: string, clock: Clock = systemClock): SqliteStore {
  // SQLite takes it for a file that it removes at the end.
  if (path === '') throw wrongOption('path', path, 'a file, or ":memory:"')
  const database = new DatabaseSync(path)
  prepare(database)
  database.exec(`PRAGMA busy_timeout = ${BLOCK_MS}`)
  const listeners = createListeners({
    first: (id) => {
      known.set(id, versionOf(id))
      if (known.size === 1) look()
    },
    last: (id) => {
      known.delete(id)
      if (known.size === 0) stopLooking()
    },
  })
  /** The newest version that listeners know of, by id. */
  const known = new Map<string, number>()
  /** It changes with other connections' writes, and only with these. */
  const dataVersion = database.prepare('PRAGMA data_version')
  let seenVersion: unknown
  let stopLooking = () => {}
  const find = database.prepare('SELECT number, version, length, info FROM streams WHERE id = ?')
  const findKey = database.prepare('SELECT id FROM streams WHERE owner = ? AND key = ?')
  const insert = database.prepare(
    `INSERT INTO streams (id, owner, conversation, key, info, ttl_ms, written_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  )
  const update = database.prepare(
    `UPDATE streams SET version = ?, length = length + ?, info = coalesce(?, info), ended = max(ended, ?),
     written_at = ? WHERE id = ? AND version = ? RETURNING number, length`,
  )
  const insertPiece = database.prepare('INSERT INTO pieces (stream, until, bytes) VALUES (?, ?, ?)')
  const findPieces = database.prepare(
    'SELECT until, bytes FROM pieces WHERE stream = ? AND until > ? ORDER BY until LIMIT 64',
  )
  const listAll = database.prepare('SELECT id FROM streams WHERE owner = ? ORDER BY number DESC LIMIT 100')
  const listOne = database.prepare(
    'SELECT id FROM streams WHERE owner = ? AND conversation = ? ORDER BY number DESC LIMIT 1000',
  )
  const remove = database.prepare('DELETE FROM streams WHERE id = ?')
  const findExpired = database.prepare(
    `SELECT number, id, version, ended FROM streams WHERE number > ? AND written_at < ? - ttl_ms
     ORDER BY number LIMIT ${SWEEP_SLICE}`,
  )
  /**
   * Versions of expired streams, by id, and since when, by the monotonic clock: those of the last sweep, and of this
   * one.
   */
  let silent = new Map<string, { version: number; since: number }>()
  let stillSilent: typeof silent = new Map()
  let sweptAt = -Infinity
  /** The last stream that this sweep has looked at; absent: it has looked at all. */
  let sweptTo: number | undefined

  return {
    create: async ({ id, owner, conversation, key, info, ttlMs }) => {
      sweep()
      const names = [encodeName(owner), orNull(conversation), orNull(key)] as const
      const add = () => insert.run(id, ...names, info, ttlMs, clock.now())
      const added = await unlocked(add)
      if (Number(added.changes) > 0) return id
      const holder = key === undefined ? undefined : findKey.get(encodeName(owner), encodeName(key))
      if (!holder) throw new Error('Cannot create stream: its id is taken')
      return holder.id as string
    },
    write: async (id, version, { bytes, info = null, nextVersion = version + 1, isEnd = false }) => {
      const size = bytes?.length ?? 0
      const write = () => {
        // Read to its end: only then does SQLite report that it could not be stored.
        const [row] = update.all(nextVersion, size, info, isEnd ? 1 : 0, clock.now(), id, version)
        if (row && bytes && size > 0) insertPiece.run(row.number as number, row.length as number, bytes)
        return row !== undefined
      }
      const isWritten = await unlocked(() => (size > 0 ? inTransaction(write) : write()))
      if (isWritten) callListeners(id, nextVersion)
      return isWritten
    },
    read: async (id, from, maxBytes) => {
      sweep()
      const row = find.get(id) as
        | { number: number; version: number; length: number; info: string }
        | undefined
      if (!row) return undefined
      const { version, length, info } = row
      const room = new Uint8Array(Math.max(0, Math.min(maxBytes, length - from)))
      let filled = 0
      if (room.length > 0) {
        for (const piece of findPieces.iterate(row.number, from)) {
          const { until, bytes } = piece as { until: number; bytes: Uint8Array }
          const at = from + filled - (until - bytes.length)
          if (at < 0) break // There is a gap before it.
          const part = bytes.subarray(at)
          room.set(part.subarray(0, room.length - filled), filled)
          filled = Math.min(room.length, filled + part.length)
          if (filled === room.length) break
        }
        if (filled === 0) throw dataLost()
      }
      return { version, length, info, bytes: room.subarray(0, filled) }
    },
    watch: listeners.add,
    list: async (owner, conversation) => {
      const name = encodeName(owner)
      const rows =
        conversation === undefined ? listAll.all(name) : listOne.all(name, encodeName(conversation))
      return rows.map(({ id }) => id as string)
    },
    delete: async (id) => {
      const row = find.get(id)
      await unlocked(() => remove.run(id))
      if (row) callListeners(id, (row.version as number) + 1)
    },
    close: () => {
      stopLooking()
      database.close()
    },
  }

  /** Announces other processes' writes. If there are none, that costs no more than reading a number. */
  function look(): void {
    stopLooking = clock.timer(LOOK_MS, look)
    const version = safely(() => dataVersion.get()?.data_version)
    if (version === seenVersion) return
    seenVersion = version
    for (const [id, before] of known) {
      const now = versionOf(id)
      if (now !== before) callListeners(id, now)
    }
  }

  /** The version of a stream that is gone is greater than all that it had. */
  function versionOf(id: string): number {
    return safely(() => (find.get(id)?.version as number | undefined) ?? Number.MAX_SAFE_INTEGER) ?? 0
  }

  function callListeners(id: string, version: number): void {
    if (known.has(id)) known.set(id, version)
    listeners.call(id, version)
  }

  /** Tries again while another process has the file locked, and lets everything else go on meanwhile. */
  async function unlocked<Value>(task: () => Value): Promise<Value> {
    const until = clock.monotonic() + LOCK_MS
    for (;;) {
      try {
        return task()
      } catch (error) {
        if (!isBusy(error) || clock.monotonic() >= until) throw error
      }
      await pause(clock, LOCK_PAUSE_MS)
    }
  }

  function inTransaction(task: () => boolean): boolean {
    database.exec('BEGIN IMMEDIATE')
    try {
      const result = task()
      database.exec('COMMIT')
      return result
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  /**
   * Removes expired streams, some with each call until none is left. The wall clock may jump: no stream goes while
   * somebody here reads it, or before it has been found expired twice, and one that has not ended only if nothing has
   * been written to it while this process has watched it for as long as one may be silent.
   */
  function sweep(): void {
    const now = clock.monotonic()
    if (sweptTo === undefined && now - sweptAt < SWEEP_MS) return
    sweptAt = now
    const rows = findExpired.all(sweptTo ?? 0, clock.now())
    sweptTo = rows.length === SWEEP_SLICE ? (rows.at(-1)?.number as number) : undefined
    for (const row of rows) {
      const { id, version, ended } = row as { id: string; version: number; ended: number }
      if (known.has(id)) continue
      const before = silent.get(id)
      const found = before?.version === version ? before : { version, since: now }
      if (now - found.since > (ended ? 0 : OPEN_MS)) safely(() => remove.run(id))
      else stillSilent.set(id, found)
    }
    if (sweptTo !== undefined) return
    silent = stillSilent
    stillSilent = new Map()
  }
}

/**
 * If several processes turn a new file to WAL at the same moment, SQLite refuses some immediately, whatever
 * `busy_timeout` says.
 */
function prepare(database: DatabaseSync): void {
  for (let tries = 1; ; tries++) {
    try {
      return database.exec(SCHEMA)
    } catch (error) {
      if (!isBusy(error) || tries === OPENING_TRIES) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPENING_PAUSE_MS)
    }
  }
}

/** Encoded, because SQLite would take two names that differ in half a surrogate pair for one. */
function orNull(name: string | undefined): string | null {
  return name === undefined ? null : encodeName(name)
}

function dataLost(): Error {
  return Object.assign(new Error('Cannot read stream: bytes are missing'), { name: 'DataLostError' })
}

/** SQLITE_BUSY, in any of its extended forms. */
function isBusy(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === 5
}

/** Ignores a fault in work that nobody asked for: the next request meets it. */
function safely<Value>(task: () => Value): Value | undefined {
  try {
    return task()
  } catch {
    return undefined
  }
}
