import { type Check, count, finding } from '../check.ts'
import { sleep, until } from '../wait.ts'

/** Requests that Stop must end. */
export const STOPS: readonly Check[] = [
  {
    id: 'stop',
    promise: 'Stop mid-stream closes the server’s connection within a second.',
    how: 'The page aborts its fetch while the response streams.',
    run: async ({ open, chat }) => {
      const page = await open()
      const { call, log } = chat(page, { steps: [], answer: { tokens: 2_000, tokensPerSecond: 20 } })
      await until(() => call.seen.pieces > 1, 5_000)
      return closedAfter(call.abort, log)
    },
  },
  {
    id: 'stop-early',
    promise: 'Stop before the first byte closes the server’s connection within a second.',
    how: 'The page aborts its fetch while the server has not responded yet.',
    run: async ({ open, chat }) => {
      const page = await open()
      const { call, log } = chat(page, { steps: [{ kind: 'answer', headersAfterMs: 8_000 }] })
      await until(async () => (await log()).length > 0, 5_000)
      await sleep(200)
      return closedAfter(call.abort, log)
    },
  },
  {
    id: 'stop-waiting',
    promise: 'After Stop nothing more is sent, not even by a retry.',
    how: 'The page aborts its fetch 0.5 s after a 429 with `Retry-After: 1`.',
    run: async ({ open, chat }) => {
      const page = await open()
      const { call, log } = chat(page, {
        steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 1_000 } }],
      })
      await until(async () => (await log())[0]?.status === 429, 5_000)
      await sleep(500)
      call.abort()
      await sleep(2_000)
      const times = (await log()).length
      return finding(times === 1, count(times, 'request'))
    },
  },
]

async function closedAfter(abort: () => void, log: () => Promise<{ closedBy?: string }[]>) {
  const abortedAt = performance.now()
  abort()
  const isClosed = await until(async () => (await log())[0]?.closedBy === 'client', 3_000)
  const afterMs = Math.round(performance.now() - abortedAt)
  return finding(
    isClosed === true && afterMs <= 1_000,
    isClosed ? `closed after ${afterMs} ms` : `still open after ${afterMs} ms`,
  )
}
