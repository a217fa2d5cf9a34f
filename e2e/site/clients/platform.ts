import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { type Client, type Question, type Reply, urlOf } from './client.ts'

// The platform's own clients, used as apps without an SDK use them: chunks of OpenAI's protocol up to the stream's end.

interface Chunk {
  choices?: { delta?: { content?: string }; finish_reason?: string | null }[]
  error?: { message: string }
}

function take(reply: Reply, { data }: Pick<EventSourceMessage, 'data'>): void {
  if (data === '[DONE]') return
  const { choices, error } = JSON.parse(data) as Chunk
  if (error) throw new Error(error.message)
  reply.text += choices?.[0]?.delta?.content ?? ''
  reply.finish = choices?.[0]?.finish_reason ?? reply.finish
}

function requestOf({ key, model }: Question) {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
  }
}

async function refuse(status: number, text: string): Promise<never> {
  throw Object.assign(new Error(text.slice(0, 200)), { status })
}

export const FETCH: Client = {
  path: 'chat/completions',
  ask: async (question) => {
    const { stop: signal, reply } = question
    const response = await fetch(urlOf(question, 'chat/completions'), { ...requestOf(question), signal })
    if (!response.ok || !response.body) return refuse(response.status, await response.text())
    const parser = createParser({ onEvent: (event) => take(reply, event) })
    const decoder = new TextDecoder()
    const reader = response.body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
    }
  },
}

export const FETCH_TEXT: Client = {
  path: 'chat/completions',
  ask: async (question) => {
    const { stop: signal, reply } = question
    const response = await fetch(urlOf(question, 'chat/completions'), { ...requestOf(question), signal })
    const text = await response.text()
    if (!response.ok) return refuse(response.status, text)
    createParser({ onEvent: (event) => take(reply, event) }).feed(text)
  },
}

export const XHR: Client = {
  path: 'chat/completions',
  ask: (question) =>
    new Promise((resolve, reject) => {
      const { stop, reply } = question
      const { method, headers, body } = requestOf(question)
      const xhr = new XMLHttpRequest()
      const parser = createParser({ onEvent: (event) => take(reply, event) })
      let read = 0
      xhr.addEventListener('progress', () => {
        if (xhr.status !== 200) return
        try {
          parser.feed(xhr.responseText.slice(read))
        } catch (error) {
          reject(error as Error)
        }
        read = xhr.responseText.length
      })
      xhr.addEventListener('load', () => {
        if (xhr.status === 200) resolve()
        else refuse(xhr.status, xhr.responseText).catch(reject)
      })
      for (const name of ['error', 'abort', 'timeout']) {
        xhr.addEventListener(name, () => reject(new Error(`XMLHttpRequest: ${name}`)))
      }
      xhr.open(method, urlOf(question, 'chat/completions'))
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
      xhr.send(body)
      stop.addEventListener('abort', () => xhr.abort())
    }),
}

/** It closes at `[DONE]`, as an app must, or the browser would ask again; at the first error, too. */
export const EVENT_SOURCE: Client = {
  path: 'chat/completions',
  ask: (question) =>
    new Promise((resolve, reject) => {
      const source = new EventSource(urlOf(question, 'chat/completions'))
      const end = (settle: () => void) => {
        source.close()
        settle()
      }
      source.addEventListener('message', (event: MessageEvent<string>) => {
        try {
          take(question.reply, event)
        } catch (error) {
          end(() => reject(error as Error))
        }
        if (event.data === '[DONE]') end(resolve)
      })
      source.addEventListener('error', () => end(() => reject(new Error('EventSource: error'))))
      question.stop.addEventListener('abort', () => end(() => reject(new Error('EventSource: closed'))))
    }),
}
