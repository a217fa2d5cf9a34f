import { allowLocalOrigin } from '../cross-origin.ts'
import type { Exchange } from '../exchange.ts'
import { LOGIN_PAGE } from '../login-page.ts'
import { readBody } from '../read-body.ts'
import { sendError, sendJson, sendText } from '../send.ts'
import { answerWrite, type Write } from './answer-write.ts'
import { readBehaviour } from './behaviours.ts'
import type { History } from './open-history.ts'

/** Answers `/api/…`: the history, and what tests ask of it. */
export async function answerHistory(exchange: Exchange, history: History): Promise<void> {
  const { req, res, url } = exchange
  if (!allowLocalOrigin(req, res)) {
    return sendError(res, 403, 'foreign_origin', 'Only pages of this machine may use the history')
  }
  if (req.method === 'OPTIONS') return sendText(res, 204, '')

  const session = url.searchParams.get('session')
  switch (`${req.method} ${url.pathname}`) {
    case 'GET /api/conversations':
      return sendJson(res, 200, history.conversations.list())
    case 'GET /api/log':
      return sendJson(res, 200, history.saves.list(session))
    case 'DELETE /api/log':
      history.saves.clear(session)
      return sendText(res, 204, '')
    case 'GET /api/behaviour':
      return sendJson(res, 200, history.behaviours.get(session ?? undefined))
    case 'PUT /api/behaviour':
      return setBehaviour(exchange, history)
    case 'POST /api/logout':
      // The recommended response to a sign-out: the browser deletes everything that the site has stored.
      return sendText(res, 204, '', { 'Clear-Site-Data': '"storage"' })
    case 'GET /api/login':
      return sendText(res, 200, LOGIN_PAGE, { 'Content-Type': 'text/html; charset=utf-8' })
  }

  const { kind, id } = readPath(url.pathname)
  if (kind === 'messages' && req.method === 'GET') return sendJson(res, 200, history.messages.list(id))
  const write = writeOf(`${req.method} ${kind}`, id, history)
  if (write) return answerWrite(exchange, write, history)
  sendError(res, 404, 'not_found', `There is no ${req.method} ${url.pathname}`)
}

function writeOf(route: string, id: string, { conversations, messages }: History): Write | undefined {
  switch (route) {
    case 'POST conversations':
      return { session: null, perform: conversations.create }
    case 'PATCH conversation':
      return { session: id, perform: (body) => conversations.rename(id, body) }
    case 'DELETE conversation':
      return { session: id, perform: () => conversations.remove(id) }
    case 'POST messages':
      return { session: id, perform: (body) => messages.save(id, body) }
    default:
      return undefined
  }
}

function readPath(path: string): { kind: string; id: string } {
  if (path === '/api/conversations') return { kind: 'conversations', id: '' }
  const conversation = /^\/api\/conversations\/([^/]{1,600})$/.exec(path)?.[1]
  const session = /^\/api\/sessions\/([^/]{1,600})\/messages$/.exec(path)?.[1]
  try {
    if (conversation) return { kind: 'conversation', id: decodeURIComponent(conversation) }
    if (session) return { kind: 'messages', id: decodeURIComponent(session) }
  } catch {
    // A stray percent sign: nothing has such a name.
  }
  return { kind: 'unknown', id: '' }
}

async function setBehaviour({ req, res }: Exchange, { behaviours }: History): Promise<void> {
  const bytes = await readBody(req, 2 ** 16)
  const behaviour = readBehaviour(parse(bytes))
  if (typeof behaviour === 'string') return sendError(res, 400, 'invalid_behaviour', behaviour)
  const { session, ...rest } = behaviour
  behaviours.set(session, rest)
  sendJson(res, 200, rest)
}

function parse(bytes: Buffer | undefined): unknown {
  try {
    return bytes && (JSON.parse(bytes.toString()) as unknown)
  } catch {
    return undefined
  }
}
