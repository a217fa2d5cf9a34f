import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import Anthropic from '@anthropic-ai/sdk'
import { generateText, streamText } from 'ai'
import OpenAI from 'openai'
import type { Client, Question } from './client.ts'

const PROMPT = 'Hello'
const messages = [{ role: 'user' as const, content: PROMPT }]

const openai = ({ base, key, query }: Question) =>
  new OpenAI({ baseURL: base, apiKey: key, defaultQuery: query, dangerouslyAllowBrowser: true })

export const OPENAI_CHAT: Client = {
  path: 'chat/completions',
  ask: async (question) => {
    const { model, stop: signal, reply } = question
    const create = openai(question).chat.completions
    for await (const { choices } of await create.create({ model, messages, stream: true }, { signal })) {
      reply.text += choices[0]?.delta.content ?? ''
      reply.finish = choices[0]?.finish_reason ?? reply.finish
    }
  },
}

export const OPENAI_CHAT_WHOLE: Client = {
  path: 'chat/completions',
  ask: async (question) => {
    const { model, stop: signal, reply } = question
    const { choices } = await openai(question).chat.completions.create({ model, messages }, { signal })
    reply.text = choices[0]?.message.content ?? ''
    reply.finish = choices[0]?.finish_reason
  },
}

export const OPENAI_RESPONSES: Client = {
  path: 'responses',
  ask: (question) => readResponse(question, {}),
}

/** Its server goes on with the response by itself, and gives it again. */
export const OPENAI_BACKGROUND: Client = {
  path: 'responses',
  ask: (question) => readResponse(question, { background: true }),
}

async function readResponse(question: Question, more: { background?: true }): Promise<void> {
  const { model, stop: signal, reply } = question
  const asked = { ...more, model, input: PROMPT, stream: true } as const
  for await (const event of await openai(question).responses.create(asked, { signal })) {
    if (event.type === 'response.output_text.delta') reply.text += event.delta
    if (event.type === 'response.completed') reply.finish = event.response.status
  }
}

export const OPENAI_RESPONSES_WHOLE: Client = {
  path: 'responses',
  ask: async (question) => {
    const { model, stop: signal, reply } = question
    const response = await openai(question).responses.create({ model, input: PROMPT }, { signal })
    reply.text = response.output_text
    reply.finish = response.status
  },
}

const anthropic = ({ base, key, query }: Question) =>
  new Anthropic({
    baseURL: base.replace(/\/v1$/, ''),
    apiKey: key,
    defaultQuery: query,
    dangerouslyAllowBrowser: true,
  })

export const ANTHROPIC: Client = {
  path: 'messages',
  ask: async (question) => {
    const { model, stop: signal, reply } = question
    const events = await anthropic(question).messages.create(
      { model, max_tokens: 1_000, messages, stream: true },
      { signal },
    )
    for await (const event of events) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
        reply.text += event.delta.text
      }
      if (event.type === 'message_delta') reply.finish = event.delta.stop_reason ?? undefined
    }
  },
}

export const ANTHROPIC_STREAM: Client = {
  path: 'messages',
  ask: async (question) => {
    const { model, stop: signal, reply } = question
    const stream = anthropic(question).messages.stream({ model, max_tokens: 1_000, messages }, { signal })
    stream.on('text', (text) => (reply.text += text))
    reply.finish = (await stream.finalMessage()).stop_reason ?? undefined
  },
}

export const ANTHROPIC_WHOLE: Client = {
  path: 'messages',
  ask: async (question) => {
    const { model, stop: signal, reply } = question
    const message = await anthropic(question).messages.create(
      { model, max_tokens: 1_000, messages },
      { signal },
    )
    for (const block of message.content) if (block.type === 'text') reply.text += block.text
    reply.finish = message.stop_reason ?? undefined
  },
}

const compatible = ({ base, key, query, model }: Question) =>
  createOpenAICompatible({ name: 'demo', baseURL: base, apiKey: key, queryParams: query })(model)

export const AI_STREAM_TEXT: Client = {
  path: 'chat/completions',
  ask: async (question) => {
    const { stop: abortSignal, reply } = question
    let failure: unknown
    const { textStream, finishReason } = streamText({
      model: compatible(question),
      prompt: PROMPT,
      abortSignal,
      onError: ({ error }) => void (failure = error),
    })
    // Its promises reject as well; the failure is told once.
    const finished = Promise.resolve(finishReason).catch((error: unknown) => void (failure ??= error))
    for await (const text of textStream) reply.text += text
    abortSignal.throwIfAborted()
    if (failure !== undefined) throw failure
    reply.finish = (await finished) ?? undefined
    if (failure !== undefined) throw failure
  },
}

export const AI_GENERATE_TEXT: Client = {
  path: 'chat/completions',
  ask: async (question) => {
    const { stop: abortSignal, reply } = question
    const { text, finishReason } = await generateText({
      model: compatible(question),
      prompt: PROMPT,
      abortSignal,
    })
    Object.assign(reply, { text, finish: finishReason })
  },
}
