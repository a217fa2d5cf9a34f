import { isRecord } from '../is-record.ts'
import type { Fault } from '../step.ts'
import { checkFault } from './check-fault.ts'

/** What the provider needs to know of a chat request. */
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

/** Returns what is wrong, as text, when the body is no chat request. */
export function readChatRequest(bytes: Buffer): ChatRequest | string {
  let body: unknown
  try {
    body = JSON.parse(bytes.toString())
  } catch {
    return 'We could not parse the JSON body of your request.'
  }
  if (!isRecord(body)) return 'The body must be a JSON object.'
  if (typeof body.model !== 'string') return 'you must provide a model parameter'
  if (!Array.isArray(body.messages) || body.messages.length === 0) {
    return "Invalid 'messages': expected an array with at least one message."
  }
  const wrong = body.fault === undefined ? undefined : checkFault(body.fault)
  if (wrong) return wrong

  const messages: unknown[] = body.messages
  const users = messages.filter((message) => isRecord(message) && message.role === 'user')
  return {
    model: body.model,
    stream: body.stream === true,
    includeUsage: isRecord(body.stream_options) && body.stream_options.include_usage === true,
    prompt: textOf(users.at(-1)),
    promptLength: messages.reduce<number>((sum, message) => sum + textOf(message).length, 0),
    ...(body.fault === undefined ? {} : { fault: body.fault as Fault }),
  }
}

/** Content is a string, or parts of which some have text. */
function textOf(message: unknown): string {
  if (!isRecord(message)) return ''
  if (typeof message.content === 'string') return message.content
  if (!Array.isArray(message.content)) return ''
  return message.content
    .map((part: unknown) => (isRecord(part) && typeof part.text === 'string' ? part.text : ''))
    .join('\n')
}
