import type { DatabaseSync } from 'node:sqlite'
import type { Connections } from '../connections.ts'
import { type Behaviours, createBehaviours } from './behaviours.ts'
import { type Conversations, createConversations } from './conversations.ts'
import { createIdempotency, type Idempotency } from './idempotency.ts'
import { createMessages, type Messages } from './messages.ts'
import { openDatabase } from './open-database.ts'
import { createSaveLog, type SaveLog } from './save-log.ts'

/** Everything the history API works with. */
export interface History {
  database: DatabaseSync
  conversations: Conversations
  messages: Messages
  idempotency: Idempotency
  behaviours: Behaviours
  saves: SaveLog
  connections: Connections
  /** Aborts when the server stops: slow writes give up. */
  stopping: AbortSignal
}

export function openHistory(path: string, connections: Connections, stopping: AbortSignal): History {
  const database = openDatabase(path)
  const conversations = createConversations(database)
  return {
    database,
    conversations,
    messages: createMessages(database, conversations),
    idempotency: createIdempotency(database),
    behaviours: createBehaviours(),
    saves: createSaveLog(),
    connections,
    stopping,
  }
}
