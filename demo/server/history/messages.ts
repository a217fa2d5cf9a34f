import type { DatabaseSync } from 'node:sqlite'
import { isRecord } from '../is-record.ts'
import { type Answer, refuse } from './answer.ts'
import { type Conversations, isId } from './conversations.ts'

/** A message as the app gets it back: its own fields, and when and in which order it arrived. */
export interface SavedMessage {
  /** The order of arrival over all sessions; grows, never repeats. */
  seq: number
  session: string
  id: string
  role: string
  content: unknown
  /** As the app said, epoch ms. */
  createdAt: number
  /** Epoch ms. */
  receivedAt: number
  [extra: string]: unknown
}

export interface Messages {
  /** In order of arrival. */
  list: (session: string) => SavedMessage[]
  /** Makes the session where there is none. A known id is refused with 409 `duplicate_id`. */
  save: (session: string, body: unknown) => Answer
}

const ROLES = new Set<unknown>(['user', 'assistant', 'system', 'developer', 'tool'])

export function createMessages(database: DatabaseSync, conversations: Conversations): Messages {
  const select = database.prepare('SELECT * FROM messages WHERE session = ? ORDER BY seq')
  const find = database.prepare('SELECT seq FROM messages WHERE session = ? AND id = ?')
  const insert = database.prepare(
    `INSERT INTO messages (session, id, role, content, created_at, received_at, extra)
     VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *`,
  )

  return {
    list: (session) => select.all(session).map(readRow),
    save: (session, body) => {
      if (!isRecord(body)) return refuse(400, 'invalid_message', 'The body must be a JSON object')
      const now = Date.now()
      const { id, role, content, createdAt = now, ...extra } = body
      if (!isId(id)) return refuse(400, 'invalid_id', 'id must be a string of 1 to 200 characters')
      if (!ROLES.has(role)) return refuse(400, 'invalid_role', `role must be one of ${[...ROLES].join(', ')}`)
      if (typeof content !== 'string' && !Array.isArray(content)) {
        return refuse(400, 'invalid_content', 'content must be a string or an array of parts')
      }
      const instant = new Date(createdAt as string | number).getTime()
      if (Number.isNaN(instant)) return refuse(400, 'invalid_date', 'createdAt must be epoch ms or a date')
      if (find.get(session, id)) return refuse(409, 'duplicate_id', `Message ${id} is saved already`)

      conversations.touch(session, titleOf(content))
      const row = insert.get(
        session,
        id,
        String(role),
        JSON.stringify(content),
        Math.trunc(instant),
        now,
        JSON.stringify(extra),
      )
      return { status: 201, body: readRow(row ?? {}) }
    },
  }
}

function readRow(row: Record<string, unknown>): SavedMessage {
  return {
    ...(JSON.parse(String(row.extra)) as Record<string, unknown>),
    seq: Number(row.seq),
    session: String(row.session),
    id: String(row.id),
    role: String(row.role),
    content: JSON.parse(String(row.content)) as unknown,
    createdAt: Number(row.created_at),
    receivedAt: Number(row.received_at),
  }
}

/** The first words of a conversation are its name until it gets a better one. */
function titleOf(content: unknown): string {
  const text = typeof content === 'string' ? content : ''
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 59).trimEnd()}…` : line
}
