import { ANTHROPIC_MESSAGES } from './dialects/anthropic-messages.ts'
import type { Dialect } from './dialects/dialect.ts'
import { OPENAI_CHAT } from './dialects/openai-chat.ts'
import { OPENAI_RESPONSES } from './dialects/openai-responses.ts'
import { UI_MESSAGES } from './dialects/ui-messages.ts'

/** How the provider is asked at one of its paths, and how it answers there. */
export interface Protocol {
  dialect: Dialect
  /** Which field of the body holds the conversation. */
  messagesField: string
  /** There is no field for it. Default: the body says `stream: true`. */
  alwaysStreams?: boolean
  /** Nothing need be said at all, as by an `EventSource`. */
  withoutBody?: boolean
}

/** By method and path. */
export const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  'POST /v1/chat/completions': { dialect: OPENAI_CHAT, messagesField: 'messages' },
  'GET /v1/chat/completions': { dialect: OPENAI_CHAT, messagesField: 'messages', withoutBody: true },
  'POST /v1/responses': { dialect: OPENAI_RESPONSES, messagesField: 'input' },
  'POST /v1/messages': { dialect: ANTHROPIC_MESSAGES, messagesField: 'messages' },
  'POST /v1/ui/chat': { dialect: UI_MESSAGES, messagesField: 'messages', alwaysStreams: true },
}
