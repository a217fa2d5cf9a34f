import { agUi } from './ag-ui.ts'
import { aiSdkData } from './ai-sdk-data.ts'
import { aiSdkUi } from './ai-sdk-ui.ts'
import { anthropic } from './anthropic.ts'
import { cohere } from './cohere.ts'
import { gemini } from './gemini.ts'
import { geminiInteractions } from './gemini-interactions.ts'
import type { Format } from './inspection/format.ts'
import { langgraph } from './langgraph.ts'
import { mistral } from './mistral.ts'
import { ollama } from './ollama.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import { tanstackAi } from './tanstack-ai.ts'
import { wholeJson } from './whole-json.ts'
import type { StreamEvent, Wire } from './wire.ts'

/** All wires, the more specific first. */
export const WIRES: readonly Wire[] = [
  wholeJson,
  openaiChat,
  openaiResponses,
  anthropic,
  geminiInteractions,
  gemini,
  aiSdkUi,
  aiSdkData,
  tanstackAi,
  agUi,
  langgraph,
  cohere,
  mistral,
  ollama,
]

/** The only wire that an event of a body in this format can belong to. */
export function recognise(event: StreamEvent, format: Format = 'bytes'): Wire | undefined {
  return WIRES.find(({ formats = [format], recognises }) => formats.includes(format) && recognises(event))
}

/** The wire that a request's path and its response's label suggest. */
export function expectedWire(path: string, label: string): Wire | undefined {
  return WIRES.find(({ requests = [] }) =>
    requests.some(
      (shape) =>
        shape.path.test(path) &&
        (label === '' || label.startsWith(shape.mediaType) || shape.mediaType === 'application/json'),
    ),
  )
}
