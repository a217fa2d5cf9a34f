import { call } from '../call.ts'
import { broken, type Check, count, finding, isWhole, seconds, skipped, tell, type World } from '../check.ts'
import type { Fault, Step } from '../../../../demo/server/step.ts'
import { spoken } from '../../../support/spoken.ts'
import { THINK_MS } from '../upstream.ts'
import { sleep, until, within } from '../wait.ts'

const TEXT = 'Here is the answer.'

const ANSWER = { text: TEXT, tokensPerSecond: 0 }

/** Sends a chat that goes wrong at first, and waits for the whole answer. */
async function askUntilWhole({ open, chat }: World, steps: readonly Step[], path?: string, waitMs = 8_000) {
  const page = await open()
  const fault: Omit<Fault, 'id'> = { steps, answer: ANSWER }
  const { call, log } = chat(page, fault, path === undefined ? {} : { path })
  const seen = await within(call.ended, waitMs)
  return { seen, attempts: await log(), isAnswered: isWhole(seen) && spoken(seen.text) === TEXT }
}

/** The same with nothing else to look at. */
function retried(steps: readonly Step[], path?: string, waitMs?: number): Check['run'] {
  return async (world) => {
    const { seen, attempts, isAnswered } = await askUntilWhole(world, steps, path, waitMs)
    return finding(
      isAnswered,
      isAnswered
        ? `response to request ${attempts.length}`
        : `${tell(seen)}, after ${count(attempts.length, 'request')}`,
    )
  }
}

const LIMITED: Step = { kind: 'status', status: 429, hint: { form: 'retry-after', ms: 2_000 } }

/** Faults before the first word that a retry fixes. */
export const RETRIES: readonly Check[] = [
  {
    id: 'rate-limit',
    promise: 'A chat that meets a rate limit is sent again, and never before the time that the server names.',
    how: 'The first request gets a 429 with `Retry-After: 2`, the next one a response.',
    run: async (world) => {
      const { seen, attempts, isAnswered } = await askUntilWhole(world, [LIMITED])
      const [first, second] = attempts
      if (!isAnswered || !first || !second) return broken(tell(seen))
      const gapMs = second.at - first.at
      return finding(gapMs >= 2_000, `response, sent again after ${seconds(gapMs)}`)
    },
  },
  {
    id: 'shared-limit',
    promise: 'A rate limit that one page has met holds back the chats of the others.',
    how: 'A 429 with `Retry-After: 2` to one page; another one sends a chat of the same model.',
    run: async ({ open, chat }) => {
      const [one, other] = [await open(), await open()]
      const first = chat(one, { steps: [LIMITED], answer: ANSWER })
      await until(async () => (await first.log())[0]?.status === 429, 5_000)
      await sleep(200)
      const second = chat(other, { steps: [], answer: ANSWER })
      const seen = await within(second.call.ended, 8_000)
      const [[limited], [held]] = await Promise.all([first.log(), second.log()])
      if (!isWhole(seen) || !limited || !held) return broken(tell(seen))
      const gapMs = held.at - limited.at
      return finding(
        gapMs >= 2_000,
        `the other page’s chat was sent ${seconds(gapMs)} after the limit was met`,
      )
    },
  },
  {
    id: 'overloaded',
    promise: 'A chat that meets an overload without a hint is sent again.',
    how: 'Two responses of 503, then a good one.',
    run: retried([
      { kind: 'status', status: 503 },
      { kind: 'status', status: 503 },
    ]),
  },
  {
    id: 'restart',
    promise: 'A chat that is sent while the server restarts gets its response.',
    how: 'For a second every connection is reset before any response, also when browsers retry by themselves.',
    run: async (world) => {
      const startedAt = performance.now()
      const path = `/restarting/v1/chat/completions?id=${crypto.randomUUID()}`
      const { seen, isAnswered } = await askUntilWhole(world, [], path)
      const afterMs = performance.now() - startedAt
      return finding(isAnswered, isAnswered ? `response after ${seconds(afterMs)}` : tell(seen))
    },
  },
  {
    id: 'no-headers',
    promise: 'A chat whose connection stays silent gets a new connection.',
    how: 'The first request never gets a header, and the app’s limit is 1.5 s; the second one gets a response.',
    run: async (world) => {
      if (await hidesHeaders())
        return skipped(
          'this engine’s fetch() hides headers until the first byte, so silence cannot be distinguished from thinking',
        )
      return retried([{ kind: 'hang' }], '/hasty/v1/chat/completions', 6_000)(world)
    },
  },
  {
    id: 'error-first',
    promise: 'An error in place of the first word is retried before the page sees it.',
    how: 'Status 200 whose first event says that the server is overloaded; then a good response.',
    run: async (world) => {
      const error = {
        message: 'The server is overloaded',
        type: 'server_error',
        code: 'server_is_overloaded',
      }
      const { seen, attempts, isAnswered } = await askUntilWhole(world, [
        { kind: 'answer', cut: { afterTokens: 0, by: 'error', error } },
      ])
      const hasError = seen?.text.includes('server_is_overloaded') === true
      return finding(
        isAnswered && !hasError,
        hasError ? 'the page got the error' : `response to request ${attempts.length}`,
      )
    },
  },
  {
    id: 'login-page',
    promise: 'A login page in place of a response never reaches the chat.',
    how: 'Status 200 and HTML, as from a hotel’s Wi-Fi; then a good response.',
    run: async (world) => {
      const { seen, attempts, isAnswered } = await askUntilWhole(world, [{ kind: 'html' }])
      const isPage = seen?.text.includes('<html') === true
      return finding(
        isAnswered,
        isPage
          ? 'status 200 with the login page'
          : isAnswered
            ? `response to request ${attempts.length}`
            : tell(seen),
      )
    },
  },
]

/** True if this browser’s `fetch` resolves only with the first byte of the body; tested without a worker. */
async function hidesHeaders(): Promise<boolean> {
  const { seen, abort } = call(window, '/thinking', {})
  await sleep(THINK_MS / 2)
  const isHidden = seen.status === undefined
  abort()
  return isHidden
}
