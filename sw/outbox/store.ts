import type { Clock } from '../../core/clock.ts'
import { inTime } from '../storage/database.ts'
import { createBodies } from './bodies.ts'
import { type Entry, entryOf, recordOf } from './entry.ts'
import type { MessageIndex } from './message-index.ts'
import type { Body, MessageCache } from './message-cache.ts'
import { createBacklogs, type Backlog } from './backlog.ts'
import type { SealKey } from './seal.ts'

/**
 * Stores saved messages. One truth, one index: the message cache (Cache API) has each message whole, the message index
 * (IndexedDB) says how far each has come. Browsers have been seen to lose the index, or a part of it, without an error;
 * then it is rebuilt from the cache.
 *
 * Every method rejects if the browser's storage refuses, or has not responded in time.
 */
export interface Store {
  /** Compares the two and puts back what only the cache has. Resolves with the ids of all that was there. */
  load: () => Promise<string[]>
  /** Reads the message index again if another worker over the same stores has put something, or it was lost. */
  refresh: () => Promise<void>
  /** Stores an entry in both, or leaves nothing behind. Those behind it wait until it is stored. */
  add: (entry: Entry, body: ArrayBuffer | null) => Promise<void>
  /** The greatest id so far; empty for none. */
  lastId: () => string
  /** The entries that are stored whole, oldest first, of all users. */
  list: () => Promise<Entry[]>
  /** The messages that one user has to send. */
  backlog: (principal: string | null | undefined) => Backlog
  /** As `MessageCache.mark`, for messages that are added now. */
  mark: () => string | undefined
  /** True if the whole cache has been lost since it stored that entry. */
  isCacheLost: (entry: Entry) => Promise<boolean>
  /** `undefined` if it is lost, or was removed. */
  body: (entry: Entry) => Promise<Body | undefined>
  /** Reads the bodies that are sent next in a conversation, so that `body` has them immediately. */
  readAhead: (conversation: string, principal: string | null) => void
  /** As `MessageIndex.change`. */
  change: MessageIndex['change']
  remove: (id: string) => Removal
  /** The key that seals a user's secrets. */
  sealKey: (principal: string | null) => Promise<SealKey>
  forgetSealKey: (principal: string | null) => Promise<void>
}

/** An entry that is being removed from both. */
export interface Removal {
  /** Resolves when nothing can bring it back. Those behind it may go. */
  isGone: Promise<unknown>
  /** Resolves when nothing is left of it, with whether there was anything. */
  wasThere: Promise<boolean>
}

/** A damaged store may never respond, ms; large bodies are written at at least this many bytes per ms. */
const DEADLINE_MS = 3_000
const SLOWEST_WRITE = 5_000

/** The deadline once the storage has not responded, ms: those behind it have waited already. */
const STUCK_MS = 300

/** How many cached messages are opened side by side when the index is rebuilt. */
const AT_ONCE = 64

/** How many bodies of a conversation are read ahead. */
const AHEAD = 2

/** @param restored called with the number of entries that were put back */
export function openStore(
  messageIndex: MessageIndex,
  messageCache: MessageCache,
  clock: Clock,
  restored: (count: number) => void,
): Store {
  const backlogs = createBacklogs()
  const keys = new Map<string | null, Promise<SealKey>>()
  let lastId = ''
  /** The latest id, as far as the backlogs know; `null`: they may not know what the index has. */
  let seen: string | undefined | null = null
  /** True if the index has lost the latest id: only the cache tells what else it lacks. */
  let isLost = false
  let isStuck = false
  /** The cache's mark when the two were compared. */
  let mark: string | undefined
  /** Counts the operations that the message cache has completed. */
  let steps = 0

  const timely = async <Result>(
    task: Promise<Result>,
    progress = messageIndex.progress,
    moreMs = 0,
  ): Promise<Result> => {
    let isLate = true
    const settled = task.finally(() => (isLate = isStuck = false))
    try {
      return await inTime(settled, clock, (isStuck ? STUCK_MS : DEADLINE_MS) + moreMs, progress)
    } catch (error) {
      isStuck ||= isLate
      throw error
    }
  }

  const ofCache = <Result>(task: Promise<Result>, moreMs?: number): Promise<Result> =>
    timely(
      task.finally(() => steps++),
      () => steps,
      moreMs,
    )

  /** The index responds in the order of its operations, so the backlogs follow in that order. */
  const follow = async <Result>(asked: Promise<Result>, apply: (result: Result) => void): Promise<Result> => {
    const result = await asked
    apply(result)
    return result
  }

  const noteId = (id: string) => {
    if (id > lastId) lastId = id
  }

  const readBody = (id: string) => ofCache(messageCache.body(id))
  const bodies = createBodies(readBody)

  const readIndex = async () => {
    const { entries } = await timely(
      follow(messageIndex.all(), (all) => {
        backlogs.reset(all.entries)
        seen = all.latest
        noteId(all.latest ?? '')
        noteId(all.entries.at(-1)?.id ?? '')
      }),
    )
    return entries
  }

  const putBack = async (id: string) => {
    // Not if another worker, which has just stored it, was faster. A worker that sends it meanwhile removes first the
    // message, then the place: only what nobody has sent is put back.
    if (!(await timely(messageIndex.putBack(id)))) return false
    const record = await ofCache(messageCache.record(id))
    if (record) return timely(messageIndex.putBack(id, entryOf(record)))
    await timely(messageIndex.remove(id))
    return false
  }

  /** An index that was lost has lost the keys, too. A key that another worker has created since is used from now on. */
  const keepKeys = () =>
    Promise.all(
      Array.from(keys, async ([principal, asked]) => {
        const known = await asked.catch(() => {}) // It has none to keep.
        if (!known) return
        const key = await timely(messageIndex.key(nameOf(principal), known))
        if (keys.get(principal) === asked) keys.set(principal, Promise.resolve(key))
      }),
    )

  const isStoring = (id: string) => backlogs.get(id)?.state === 'storing'

  const loadAll = async () => {
    const [entries, ids] = await Promise.all([
      readIndex(),
      ofCache(messageCache.ids()),
      // Without a mark everything works as before there were marks.
      ofCache(messageCache.mark()).then(
        (found) => (mark = found),
        () => {},
      ),
    ])
    await keepKeys()
    const known = new Set(entries.map(({ id }) => id))
    const lost = ids.filter((id) => !known.has(id) && !isStoring(id))
    const before = known.size
    for (let from = 0; from < lost.length; from += AT_ONCE) {
      const restore = async (id: string) => (await putBack(id)) && known.add(id)
      await Promise.all(lost.slice(from, from + AT_ONCE).map(restore))
    }
    if (known.size > before) restored(known.size - before)
    // Also those that another worker has put back meanwhile.
    if (lost.length > 0) for (const { id } of await readIndex()) known.add(id)
    isLost = false
    return Array.from(known)
  }

  let loading: Promise<unknown> = Promise.resolve()
  /** One at a time: two would each take what the other puts back for another worker's. */
  const load = () => {
    const loaded = loading.then(loadAll)
    loading = loaded.catch(() => {}) // The caller gets the error.
    return loaded
  }

  let restoring: Promise<unknown> | undefined
  /** Reads what this worker does not know of; a lost index is restored once for all who ask meanwhile. */
  const catchUp = async () => {
    if (isLost) await (restoring ??= load().finally(() => (restoring = undefined)))
    else await readIndex()
  }

  return {
    load,
    refresh: async () => {
      const known = lastId
      const latest = await timely(messageIndex.latest())
      isLost ||= latest === undefined && known !== ''
      if (isLost || seen === null || latest !== seen) await catchUp()
    },
    add: async (entry, body) => {
      const { id } = entry
      const known = lastId
      /** True if another worker has put something since this one read the index. */
      let isNews = false
      noteId(id)
      backlogs.set({ ...entry, state: 'storing' })
      const indexed = follow(messageIndex.put(entry), (before) => {
        isLost ||= before === undefined && known !== ''
        isNews = !isLost && before !== seen
        seen = before === seen ? id : null
      })
      const writes = [indexed, messageCache.put(recordOf(entry), body)] as const
      try {
        await Promise.all([timely(indexed), ofCache(writes[1], (body?.byteLength ?? 0) / SLOWEST_WRITE)])
        // Another worker has put something, or the index was lost: something may have to go first.
        if (isLost || seen === null) await catchUp()
        // Perhaps another has put this back, and sent or cleared it, before it had its place.
        if (isNews && !(await readBody(id))) {
          backlogs.remove(id)
          return void (await timely(messageIndex.remove(id)))
        }
        bodies.keep(id, body)
        backlogs.set(entry)
      } catch (error) {
        backlogs.remove(id)
        // Now, and again when the slower of them is done; nobody waits for that.
        for (const done of [Promise.resolve(), Promise.allSettled(writes)]) {
          void done
            .then(() => messageCache.remove(id))
            .then(() => messageIndex.remove(id))
            .catch(() => {}) // Refused as well: there is nothing to undo.
        }
        throw error
      }
    },
    lastId: () => lastId,
    list: async () => (await readIndex()).filter(({ id }) => !isStoring(id)),
    backlog: backlogs.of,
    mark: () => mark,
    isCacheLost: async (entry) =>
      entry.mark !== undefined && !(await ofCache(messageCache.isMarked(entry.mark))),
    body: ({ id, state }) => {
      const known = bodies.take(id)
      // An entry that another worker has sent may be only in memory still.
      return state === 'sending' || !known ? readBody(id) : known
    },
    readAhead: (conversation, principal) =>
      bodies.readAhead(backlogs.of(principal).following(conversation, AHEAD)),
    change: (id, step) =>
      timely(
        follow(messageIndex.change(id, step), (entry) => {
          if (entry) backlogs.set(entry)
          else backlogs.remove(id)
        }),
      ),
    remove: (id) => {
      void bodies.take(id)
      // In this order: what is gone from the cache is never put back.
      const isGone = ofCache(messageCache.remove(id))
      const remove = async () => {
        const wasThere = await isGone
        backlogs.remove(id)
        const removing = follow(messageIndex.remove(id), () => backlogs.remove(id))
        removing.catch(() => (seen = null))
        return (await timely(removing)) || wasThere
      }
      return { isGone, wasThere: remove() }
    },
    sealKey: (principal) => {
      const key = keys.get(principal) ?? timely(messageIndex.key(nameOf(principal)))
      keys.set(principal, key)
      key.catch(() => keys.delete(principal))
      return key
    },
    forgetSealKey: (principal) => {
      keys.delete(principal)
      return timely(messageIndex.forgetKey(nameOf(principal)))
    },
  }
}

function nameOf(principal: string | null): string {
  return principal === null ? 'seal' : `seal of ${principal}`
}
