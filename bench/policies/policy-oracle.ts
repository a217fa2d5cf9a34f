import { isReasoning } from '../../core/chat/reasoning.ts'
import { MAX_TOTAL_MS } from '../../core/chat/timeouts.ts'
import { DEFAULT_RETRY, DEFAULT_TIMEOUTS, REASONING_TIMEOUTS } from '../../core/options/defaults.ts'
import { sleep } from '../../core/clock.ts'
import { classifyResponse } from '../../core/retry/classify.ts'
import type { Meeting } from './meet.ts'
import { bodyOf, type Policy, URL_OF_CHATS } from './policy.ts'
import { readAnswer } from './read-answer.ts'

const { networkBudgetMs, rateLimitBudgetMs } = DEFAULT_RETRY

/** It looks ahead in steps of so long, ms. */
const STEP_MS = 100

/** And at so many attempts. */
const LOOKS_AHEAD = 5

/** A connection that it knows to be silent is given up after so long, ms. */
const GLANCE_MS = 100

/**
 * Nobody can do better with streamkeeper's totals: it knows what each attempt will meet, and when.
 *
 * - both budgets are one, 90 s for whatever it waits for; what is waited without a network costs nothing
 * - the first output comes within the total, and nothing is sent before the time that a server named
 * - what has begun to speak is never asked for again
 * - the first attempt is sent at once, and takes the first output that it can have
 */
export const oraclePolicy: Policy = {
  name: 'oracle',
  title: 'an oracle',
  usesGlobals: false,
  open:
    ({ clock, network }) =>
    async ({ chat, fetch, signal, heard, foresee }) => {
      const body = bodyOf(chat)
      const startedAt = clock.now()
      const { totalMs } = isReasoning(chat.model, JSON.parse(body)) ? REASONING_TIMEOUTS : DEFAULT_TIMEOUTS
      let leftMs = networkBudgetMs + rateLimitBudgetMs

      /** Speaks while somebody still waits for it. */
      const isWorthIt = (meeting: Meeting, at: number) =>
        meeting.kind === 'accepted' &&
        (meeting.end.kind === 'whole' || meeting.end.atMs > meeting.outputMs) &&
        at + meeting.outputMs <= startedAt + MAX_TOTAL_MS

      /** The next time at which that attempt is worth it, and what the wait costs; absent when there is none. */
      const search = (attempt: number, from: number): { at: number; costsMs: number } | undefined => {
        const offlineUntil = network.isOnline() ? 0 : clock.now() + offlineFor(attempt)
        for (let at = from; at < startedAt + totalMs; at += STEP_MS) {
          const costsMs = Math.max(0, at - Math.max(clock.now(), offlineUntil))
          if (costsMs > leftMs) return undefined
          if (isWorthIt(foresee(attempt, at), at)) return { at, costsMs }
        }
        return undefined
      }
      const offlineFor = (attempt: number) => {
        let ms = 0
        for (; ms < totalMs; ms += STEP_MS) {
          const meeting = foresee(attempt, clock.now() + ms)
          if (meeting.kind !== 'network_error' || meeting.why !== 'offline') break
        }
        return ms
      }

      for (let attempt = 1; ; attempt++) {
        const meeting = foresee(attempt, clock.now())
        const isHopeful = isWorthIt(meeting, clock.now())
        const isSilent = meeting.kind === 'hang' || (meeting.kind === 'accepted' && !isHopeful)
        const over = new AbortController()
        const end = meeting.kind === 'accepted' ? meeting.end : undefined
        const stallsAtMs = end?.kind === 'stall' ? end.atMs : Infinity
        const lookMs = isSilent ? GLANCE_MS : stallsAtMs
        const disarm = lookMs < Infinity ? clock.timer(lookMs, () => over.abort()) : () => {}
        let notBefore = clock.now()
        let failure: unknown
        try {
          const either = AbortSignal.any([signal, over.signal])
          const response = await fetch(URL_OF_CHATS, { method: 'POST', body, signal: either })
          if (response.ok) {
            await readAnswer(response, heard)
            if (end?.kind === 'whole') return
            throw new Error('Cut')
          }
          const refusal = classifyResponse(
            response.status,
            response.headers,
            await response.text(),
            clock.now(),
          )
          failure = new Error(refusal.kind)
          if (refusal.kind === 'quota_exhausted') throw failure
          notBefore = clock.now() + (refusal.retryHintMs ?? 0)
        } catch (error) {
          if (signal.aborted || isHopeful || error === failure) throw error
          failure = error
          notBefore = clock.now()
        } finally {
          disarm()
        }
        // The next one may be lost whenever it is sent, and only those behind it worth the wait.
        let next: ReturnType<typeof search>
        for (let ahead = 1; !next && ahead <= LOOKS_AHEAD; ahead++) next = search(attempt + ahead, notBefore)
        if (!next) throw failure
        leftMs -= next.costsMs
        await sleep(clock, next.at - clock.now(), signal)
      }
    },
}
