import { createEventReader } from '../../core/providers/inspection/event-reader.ts'

interface Chunk {
  error?: { message?: string }
  choices?: { delta?: { content?: string; reasoning_content?: string } }[]
}

/** Reads a streamed answer as a page without an SDK does: whatever ends without an error is taken for whole. */
export async function readAnswer(response: Response, heard: (text: string) => void): Promise<void> {
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`)
  let error: Error | undefined
  const events = createEventReader({
    onEvent: ({ text, data }) => {
      if (text === '[DONE]') return
      const chunk = data as Chunk
      if (chunk.error) error = new Error(chunk.error.message)
      const { content, reasoning_content } = chunk.choices?.[0]?.delta ?? {}
      if (content || reasoning_content) heard(content ?? reasoning_content ?? '')
    },
  })
  const decoder = new TextDecoder()
  for await (const bytes of response.body ?? []) {
    events.feed(decoder.decode(bytes, { stream: true }))
    if (error) throw error
  }
}
