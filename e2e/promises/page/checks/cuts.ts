import { spoken } from '../../../support/spoken.ts'
import type { Cut } from '../../../../demo/server/step.ts'
import { type Check, finding, isWhole, tell } from '../check.ts'
import { until, within } from '../wait.ts'

const TOKENS = 40
const AFTER = 12

/** A cut answer must end in an error: a reader that waits for the end of the stream would take it for whole. */
function looksBroken(path: string, by: Cut['by']): Check['run'] {
  return async ({ open, chat }) => {
    const page = await open()
    // A reset may overtake what was sent just before it.
    const pauses = [{ afterTokens: AFTER - 2, ms: 300 }]
    const { call } = chat(
      page,
      {
        steps: [
          { kind: 'answer', tokens: TOKENS, tokensPerSecond: 100, pauses, cut: { afterTokens: AFTER, by } },
        ],
      },
      { path },
    )
    const seen = await within(call.ended, 5_000)
    const end = seen?.error ?? (seen ? 'a clean end' : 'no end')
    return finding(seen?.error !== undefined, `${end} after ${AFTER} of ${TOKENS} tokens`)
  }
}

/** Answers that break off, and answers that are read again. */
export const CUTS: readonly Check[] = [
  {
    id: 'cut-politely',
    promise: 'An OpenAI response that ends too early never looks complete.',
    how: `After ${AFTER} of ${TOKENS} tokens the response ends as HTTP wants it, without \`finish_reason\` or \`[DONE]\`.`,
    run: looksBroken('/v1/chat/completions', 'end'),
  },
  {
    id: 'cut-anthropic',
    promise: 'An Anthropic response that ends too early never looks complete.',
    how: 'The same without `message_stop`.',
    run: looksBroken('/v1/messages', 'end'),
  },
  {
    id: 'cut-ai-sdk',
    promise: 'A response of the AI SDK’s own server that ends too early never looks complete.',
    how: 'The same without the `finish` part, which `useChat` itself does not miss.',
    run: looksBroken('/v1/ui/chat', 'end'),
  },
  {
    id: 'cut-close',
    promise: 'A response whose connection is closed mid-stream never looks complete.',
    how: 'The server closes its connection (FIN) without the end of the chunked encoding.',
    run: looksBroken('/v1/chat/completions', 'close'),
  },
  {
    id: 'cut-reset',
    promise: 'A response whose connection is reset mid-stream never looks complete.',
    how: 'The same by a TCP reset.',
    run: looksBroken('/v1/chat/completions', 'reset'),
  },
  {
    id: 'read-on',
    promise:
      'A response that its server can send again is resumed after a cut, without a gap and without a second POST.',
    how: `A reset after ${AFTER} of ${TOKENS} tokens; \`Content-Location\` says where the rest is.`,
    run: async ({ open, chat }) => {
      const page = await open()
      const text = 'Every word of this answer comes once, and none of them is missing at the end.'
      const { call, log } = chat(page, {
        steps: [
          { kind: 'answer', text, kept: true, tokensPerSecond: 100, cut: { afterTokens: 8, by: 'reset' } },
        ],
      })
      const seen = await within(call.ended, 8_000)
      const posts = (await log()).length
      const isComplete = isWhole(seen) && spoken(seen.text) === text
      return finding(isComplete && posts === 1, isComplete ? `all of it, by ${posts} POST` : tell(seen))
    },
  },
  {
    id: 'reload',
    promise: 'A page that is reloaded mid-stream continues the same response; the model is asked once.',
    how: 'The page is reloaded, then asks the app’s own route to resume; its server keeps nothing.',
    run: async ({ open, chat }) => {
      const page = await open()
      const text = 'An answer that goes on while its page is loaded again, word by word, to its very end.'
      const { id, call, log } = chat(page, { steps: [], answer: { text, tokensPerSecond: 12 } })
      await until(() => call.seen.pieces > 2, 5_000)
      await page.reload()
      const seen = await within(page.get(`/chats/${id}/stream`).ended, 8_000)
      const posts = (await log()).length
      const isComplete = isWhole(seen) && spoken(seen.text) === text
      return finding(isComplete && posts === 1, isComplete ? `all of it, by ${posts} POST` : tell(seen))
    },
  },
  {
    id: 'second-page',
    promise: 'A second page reads the response that a first one is reading; the model is asked once.',
    how: 'The second page asks the app’s own route to resume; its server keeps nothing.',
    run: async ({ open, chat }) => {
      const [one, other] = [await open(), await open()]
      const text = 'An answer that two pages read side by side, each of them from its very first word.'
      const { id, call, log } = chat(one, { steps: [], answer: { text, tokensPerSecond: 15 } })
      await until(() => call.seen.pieces > 2, 5_000)
      const second = other.get(`/chats/${id}/stream`)
      const [seen, first] = await Promise.all([within(second.ended, 8_000), within(call.ended, 8_000)])
      const posts = (await log()).length
      const isComplete = [seen, first].every((each) => isWhole(each) && spoken(each.text) === text)
      return finding(
        isComplete && posts === 1,
        isComplete ? `both have all of it, by ${posts} POST` : tell(seen),
      )
    },
  },
  {
    id: 'long-stream',
    isLong: true,
    promise: 'A response of 100 s comes through complete.',
    how: 'A token every second.',
    run: async ({ open, chat }) => {
      const page = await open()
      const { call } = chat(page, { steps: [], answer: { tokens: 100, tokensPerSecond: 1 } })
      const seen = await within(call.ended, 120_000)
      const isComplete = isWhole(seen) && seen.text.includes('[DONE]')
      return finding(isComplete, isComplete ? `${seen.pieces} pieces` : tell(seen))
    },
  },
]
