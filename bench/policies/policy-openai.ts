import OpenAI from 'openai'
import type { Policy } from './policy.ts'

/** The `openai` package with its defaults: the package itself, on virtual timers. */
export const openaiPolicy: Policy = {
  name: 'openai',
  title: '`openai` package',
  usesGlobals: true,
  open:
    () =>
    async ({ chat, fetch, signal, heard }) => {
      const client = new OpenAI({ apiKey: 'key', baseURL: 'https://api.example/v1', fetch, logLevel: 'off' })
      const chunks = await client.chat.completions.create(
        { model: chat.model, stream: true, messages: [{ role: 'user', content: 'Hi' }] },
        { signal },
      )
      for await (const { choices } of chunks) {
        // Thoughts are no part of its types; apps read them so.
        const delta: { content?: string | null; reasoning_content?: string } | undefined = choices[0]?.delta
        const text = delta?.content || delta?.reasoning_content
        if (text) heard(text)
      }
    },
}
