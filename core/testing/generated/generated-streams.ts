import { ANTHROPIC_STREAMS } from './anthropic.ts'
import { COHERE_AND_OLLAMA_STREAMS } from './cohere-ollama.ts'
import { FRAMEWORK_STREAMS } from './frameworks.ts'
import { GEMINI_STREAMS } from './gemini.ts'
import { CHAT_STREAMS } from './openai-chat.ts'
import { RESPONSES_STREAMS } from './openai-responses.ts'
import type { GeneratedStream } from './stream.ts'
import { UNKNOWN_STREAMS } from './unknown.ts'

/** Streams of every shape that recordings have, and of the frameworks': what a plain clone tests with. */
export const GENERATED_STREAMS: readonly GeneratedStream[] = [
  ...CHAT_STREAMS,
  ...RESPONSES_STREAMS,
  ...ANTHROPIC_STREAMS,
  ...GEMINI_STREAMS,
  ...COHERE_AND_OLLAMA_STREAMS,
  ...FRAMEWORK_STREAMS,
  ...UNKNOWN_STREAMS,
]
