import { isRecord } from '../is-record.ts'
import type { Fault } from '../step.ts'
import { checkFault } from './check-fault.ts'
import type { Protocol } from './protocols.ts'

/** The parts of a chat request that the provider uses. */
export interface ChatRequest {
  model: string
  stream: boolean
  includeUsage: boolean
  /** The text of the user's last message. */
  prompt: string
  /** Characters of all messages, for the count of tokens. */
  promptLength: number
  fault?: Fault
}

/**
 * Reads a request of any of our protocols; returns what is wrong, as text, when it is none. An `EventSource` has no
 * body, and some SDKs let nothing foreign into theirs: a fault may stand in the query, `?fault={"steps":[…]}`.
 */
export function readChatRequest(bytes: Buffer, url: URL, protocol: Protocol): ChatRequest | string {
  let body: unknown
  let fault: unknown
  try {
    body = bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined
  } catch {
    return 'We could not parse the JSON body of your request.'
  }
  try {
    const inQuery = url.searchParams.get('fault')
    fault = inQuery === null ? undefined : JSON.parse(inQuery)
  } catch {
    return 'We could not parse the JSON of your fault.'
  }
  if (!isRecord(body)) {
    if (body !== undefined || !protocol.withoutBody) return 'The body must be a JSON object.'
    body = { model: 'demo-small', stream: true, messages: [{ role: 'user', content: '' }] }
  }
  return readBodyOf(body as Record<string, unknown>, fault, protocol)
}

function readBodyOf(
  body: Record<string, unknown>,
  faultInQuery: unknown,
  { messagesField, alwaysStreams }: Protocol,
): ChatRequest | string {
  const model = body.model ?? (alwaysStreams ? 'demo-small' : undefined)
  if (typeof model !== 'string') return 'you must provide a model parameter'
  const given = body[messagesField]
  const messages: unknown[] = typeof given === 'string' ? [{ role: 'user', content: given }] : asArray(given)
  if (messages.length === 0) {
    return `Invalid '${messagesField}': expected an array with at least one message.`
  }
  const fault = faultInQuery ?? body.fault
  const wrong = fault === undefined ? undefined : checkFault(fault)
  if (wrong) return wrong

  const users = messages.filter((message) => isRecord(message) && message.role === 'user')
  return {
    model,
    stream: alwaysStreams === true || body.stream === true,
    includeUsage: isRecord(body.stream_options) && body.stream_options.include_usage === true,
    prompt: textOf(users.at(-1)),
    promptLength: messages.reduce<number>((sum, message) => sum + textOf(message).length, 0),
    ...(fault === undefined ? {} : { fault: fault as Fault }),
  }
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** Content is a string, or parts of which some have text; the AI SDK's messages have their parts directly. */
function textOf(message: unknown): string {
  if (!isRecord(message)) return ''
  const content = message.content ?? message.parts
  if (typeof content === 'string') return content
  return asArray(content)
    .map((part) => (isRecord(part) && typeof part.text === 'string' ? part.text : ''))
    .join('\n')
}
