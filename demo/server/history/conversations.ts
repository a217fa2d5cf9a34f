import type { DatabaseSync } from 'node:sqlite'
import { isRecord } from '../is-record.ts'
import { type Answer, refuse } from './answer.ts'

export interface Conversation {
  id: string
  title: string
  /** Epoch ms. */
  createdAt: number
  /** When its last message arrived or it was renamed, epoch ms. */
  updatedAt: number
  /** How many messages it has. */
  messages: number
}

/** The conversations of the history. The app makes the ids. */
export interface Conversations {
  /** The one that changed last comes first. */
  list: () => Conversation[]
  /** A conversation that is there already is renamed, so that a repeated request does no harm. */
  create: (body: unknown) => Answer
  rename: (id: string, body: unknown) => Answer
  /** Its messages go with it. What is gone already counts as deleted. */
  remove: (id: string) => Answer
  /** Makes one where there is none, and moves it to the top. */
  touch: (id: string, title: string) => void
}

export function createConversations(database: DatabaseSync): Conversations {
  const columns = `id, title, created_at AS createdAt, updated_at AS updatedAt,
    (SELECT count(*) FROM messages WHERE session = conversations.id) AS messages`
  const all = database.prepare(
    `SELECT ${columns} FROM conversations ORDER BY updated_at DESC, conversations.rowid DESC`,
  )
  const one = database.prepare(`SELECT ${columns} FROM conversations WHERE id = ?`)
  const insert = database.prepare(
    'INSERT OR IGNORE INTO conversations (id, title, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)',
  )
  const retitle = database.prepare('UPDATE conversations SET title = ?, updated_at = ? WHERE id = ?')
  const raise = database.prepare('UPDATE conversations SET updated_at = ? WHERE id = ?')
  const remove = database.prepare('DELETE FROM conversations WHERE id = ?')

  const rename = (id: string, body: unknown): Answer => {
    if (!isRecord(body) || typeof body.title !== 'string') {
      return refuse(400, 'invalid_title', 'title must be a string')
    }
    retitle.run(body.title, Date.now(), id)
    const renamed = one.get(id)
    return renamed
      ? { status: 200, body: { ...renamed } }
      : refuse(404, 'not_found', `There is no conversation ${id}`)
  }

  return {
    list: () => all.all() as unknown as Conversation[],
    create: (body) => {
      const { id = crypto.randomUUID(), title = '' } = isRecord(body) ? body : {}
      if (!isId(id)) return refuse(400, 'invalid_id', 'id must be a string of 1 to 200 characters')
      if (typeof title !== 'string') return refuse(400, 'invalid_title', 'title must be a string')
      if (insert.run(id, title, Date.now()).changes === 0) return rename(id, { title })
      return { status: 201, body: { ...one.get(id) } }
    },
    rename,
    remove: (id) => {
      remove.run(id)
      return { status: 204, body: null }
    },
    touch: (id, title) => {
      const now = Date.now()
      insert.run(id, title, now)
      raise.run(now, id)
    },
  }
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= 200
}
