import { sleep } from '../../core/clock.ts'
import { bodyOf, type Policy, URL_OF_CHATS } from './policy.ts'
import { readAnswer } from './read-answer.ts'

/** Over everything from the first request to the last word, ms. */
const ABORT_MS = 120_000
const SAVE_MS = 30_000
/** Waits of the client before each retry, jitter aside, and of the edge before each of its own. ms. */
const CLIENT_MS = [2_000, 4_000, 8_000, 16_000, 32_000]
const EDGE_MS = [2_000, 4_000, 8_000]
const JITTER_MS = 1_000

/**
 * The policy that this project started from: the message is saved first, then one abort over everything, and two places that try
 * again without knowing of each other, whatever the server says about time. The edge itself waits for ever.
 */
export const startPolicy: Policy = {
  name: 'start',
  title: 'where it started',
  usesGlobals: false,
  open:
    ({ clock, random }) =>
    async ({ chat, fetch, signal, heard }) => {
      await sleep(clock, Math.min(chat.saveMs, SAVE_MS), signal)
      const over = new AbortController()
      const disarm = clock.timer(ABORT_MS, () => over.abort(new DOMException('Too long', 'TimeoutError')))
      const either = AbortSignal.any([signal, over.signal])
      const send = () => fetch(URL_OF_CHATS, { method: 'POST', body: bodyOf(chat), signal: either })

      const tryAgain = async (
        once: () => Promise<Response>,
        waitsMs: readonly number[],
        jitterMs: number,
      ): Promise<Response> => {
        const [waitMs, ...left] = waitsMs
        try {
          const response = await once()
          if (waitMs === undefined || !isRetried(response.status)) return response
        } catch (error) {
          if (waitMs === undefined || either.aborted) throw error
        }
        await sleep(clock, waitMs + random() * jitterMs, either)
        return tryAgain(once, left, jitterMs)
      }

      try {
        const response = await tryAgain(() => tryAgain(send, EDGE_MS, 0), CLIENT_MS, JITTER_MS)
        await readAnswer(response, heard)
      } finally {
        disarm()
      }
    },
}

function isRetried(status: number): boolean {
  return status === 429 || status >= 500
}
