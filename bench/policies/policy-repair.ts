import { isReasoning } from '../../core/chat/reasoning.ts'
import { sleep } from '../../core/clock.ts'
import { parseRetryAfter } from '../../core/retry/retry-after.ts'
import { bodyOf, type Policy, URL_OF_CHATS } from './policy.ts'
import { readAnswer } from './read-answer.ts'

const TOTAL_MS = 300_000
const REASONING_TOTAL_MS = 600_000
const HEADERS_MS = 30_000
const BASE_MS = 500
const MAX_MS = 5_000
const JITTER_MS = 250
/** All waits of a request, by what they are for, ms. */
const NETWORK_BUDGET_MS = 30_000
const RATE_LIMIT_BUDGET_MS = 60_000

/**
 * The repair as it was recommended, in a loop of the app's own: a clock for headers, one up to the first output that
 * every piece of the answer sets back, waits with a budget, and `Retry-After` where it can be read. Each request knows
 * only of itself, and what a 200 says before its first output is not looked at.
 */
export const repairPolicy: Policy = {
  name: 'repair',
  title: 'its recommended repair',
  usesGlobals: false,
  open:
    ({ clock, random }) =>
    async ({ chat, fetch, signal, heard }) => {
      const body = bodyOf(chat)
      const totalMs = isReasoning(chat.model, JSON.parse(body)) ? REASONING_TOTAL_MS : TOTAL_MS
      const totalAt = clock.now() + totalMs
      const spent = { network: 0, rateLimit: 0 }
      let headersTimeouts = 0

      for (let waits = 0; ; waits++) {
        const over = new AbortController()
        const leftMs = totalAt - clock.now()
        const headersMs = headersTimeouts > 0 ? leftMs : Math.min(HEADERS_MS, leftMs)
        const stop = (ms: number) =>
          clock.timer(ms, () => over.abort(new DOMException('Too long', 'TimeoutError')))
        let disarm = stop(headersMs)
        let failure: unknown
        let hintMs: number | undefined
        let kind: keyof typeof spent = 'network'
        try {
          const either = AbortSignal.any([signal, over.signal])
          const response = await fetch(URL_OF_CHATS, { method: 'POST', body, signal: either })
          disarm()
          if (response.status !== 429 && response.status < 500) {
            disarm = stop(totalAt - clock.now())
            try {
              return await readAnswer(response, (text) => {
                disarm()
                disarm = stop(totalMs)
                heard(text)
              })
            } finally {
              disarm()
            }
          }
          failure = new Error(`HTTP ${response.status}`)
          if (response.status === 429) {
            kind = 'rateLimit'
            hintMs = parseRetryAfter(response.headers, clock.now())
          }
        } catch (error) {
          disarm()
          const wasAccepted = !(error instanceof TypeError && error.message === 'Failed to fetch')
          if (signal.aborted || (wasAccepted && !over.signal.aborted)) throw error
          if (over.signal.aborted && ++headersTimeouts > 1) throw error
          failure = error
        }
        const waitMs = hintMs ?? Math.min(BASE_MS * 2 ** waits, MAX_MS)
        const budgetMs = kind === 'network' ? NETWORK_BUDGET_MS : RATE_LIMIT_BUDGET_MS
        if (spent[kind] + waitMs > budgetMs || clock.now() + waitMs >= totalAt) throw failure
        spent[kind] += waitMs
        await sleep(clock, waitMs + random() * JITTER_MS, signal)
      }
    },
}
