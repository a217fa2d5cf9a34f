import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { streamText } from 'ai'
import type { Policy } from './policy.ts'

/** The AI SDK's `streamText` with its defaults: the packages themselves, on virtual timers. */
export const aiSdkPolicy: Policy = {
  name: 'ai-sdk',
  title: 'AI SDK `streamText`',
  usesGlobals: true,
  open:
    () =>
    async ({ chat, fetch, signal, heard }) => {
      const provider = createOpenAICompatible({ name: 'example', baseURL: 'https://api.example/v1', fetch })
      const { fullStream } = streamText({
        model: provider(chat.model),
        messages: [{ role: 'user', content: 'Hi' }],
        abortSignal: signal,
        onError: () => {}, // Told below; by default it is printed.
      })
      for await (const part of fullStream) {
        if (part.type === 'text-delta' || part.type === 'reasoning-delta') heard(part.text)
        if (part.type === 'error') throw part.error
        if (part.type === 'abort') throw new Error('Aborted')
      }
    },
}
