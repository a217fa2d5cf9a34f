import Anthropic, * as anthropicModule from '@anthropic-ai/sdk'
import OpenAI, * as openaiModule from 'openai'
import { DONE, FINISH, ROLE, say } from './openai-events.ts'

/** A provider's own SDK with its default settings, and what its server says. */
export interface Sdk {
  name: string
  /** Asks for a stream; yields its texts. Without `fetch` the SDK sends by itself. */
  stream: (url: string, fetch?: Fetch) => AsyncIterable<string>
  /** Asks for a whole response. */
  ask: (url: string, fetch?: Fetch) => Promise<string>
  errors: Record<'RateLimitError' | 'InternalServerError' | 'APIConnectionError', ErrorClass>
  /** A stream's beginning, up to its first text "Hel". */
  begin: string
  /** The rest, with the text "lo". */
  rest: string
  /** The whole response "Hello". */
  response: object
  error: (type: string, message: string) => object
}

type Fetch = typeof fetch
type ErrorClass = new (...args: never[]) => Error

const messages = [{ role: 'user' as const, content: 'Hi' }]

export const OPENAI: Sdk = {
  name: 'openai',
  stream: async function* (url, fetch) {
    const chunks = await openai(url, fetch).chat.completions.create({
      model: 'gpt-4o',
      messages,
      stream: true,
    })
    for await (const { choices } of chunks) if (choices[0]?.delta.content) yield choices[0].delta.content
  },
  ask: async (url, fetch) => {
    const { choices } = await openai(url, fetch).chat.completions.create({ model: 'gpt-4o', messages })
    return choices[0]?.message.content ?? ''
  },
  errors: openaiModule,
  begin: ROLE + say('Hel'),
  rest: say('lo') + FINISH + DONE,
  response: {
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  },
  error: (type, message) => ({ error: { type, code: type, message } }),
}

export const ANTHROPIC: Sdk = {
  name: 'anthropic',
  stream: async function* (url, fetch) {
    const events = await anthropic(url, fetch).messages.create({
      model: 'claude',
      max_tokens: 100,
      messages,
      stream: true,
    })
    for await (const event of events) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') yield event.delta.text
    }
  },
  ask: async (url, fetch) => {
    const { content } = await anthropic(url, fetch).messages.create({
      model: 'claude',
      max_tokens: 100,
      messages,
    })
    return content[0]?.type === 'text' ? content[0].text : ''
  },
  errors: anthropicModule,
  begin: named(
    { type: 'message_start', message: { role: 'assistant', content: [], usage: { input_tokens: 3 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
  ),
  rest: named(
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ),
  response: {
    type: 'message',
    role: 'assistant',
    content: [{ type: 'text', text: 'Hello' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 3, output_tokens: 5 },
  },
  error: (type, message) => ({ type: 'error', error: { type, message } }),
}

function openai(url: string, fetch?: Fetch) {
  return new OpenAI({ apiKey: 'k', baseURL: new URL('/v1', url).href, ...(fetch && { fetch }) })
}

function anthropic(url: string, fetch?: Fetch) {
  return new Anthropic({ apiKey: 'k', baseURL: new URL(url).origin, ...(fetch && { fetch }) })
}

function named(...events: { type: string; [field: string]: unknown }[]): string {
  return events.map((data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`).join('')
}
