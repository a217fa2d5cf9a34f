import { type Clock, pause } from '../../core/clock.ts'

/** The question to a page about a saved message or a response that needs new credentials; nothing of a body. */
export interface AuthQuestion {
  origin: string
  url: string
  /** The id of the message, or of the response's request. */
  entryId: string
  conversation: string
  /** `'resume'`: a response is to be resumed; absent: a message waits. */
  for?: 'resume'
}

/** A page that has not replied by then has no headers, ms. */
const REPLY_MS = 10_000

/** The page in front is asked first, but a frozen one must not keep the others from being asked. ms */
const HEAD_START_MS = 500

/** A page that can be asked, by a port that brings its reply. */
interface Page {
  postMessage: (message: unknown, transfer: Transferable[]) => void
}

/** Asks pages for new headers, the first one first; `null` if none has any, or none replies in time. */
export async function askAuth(
  clock: Clock,
  pages: readonly Page[],
  question: AuthQuestion,
): Promise<Record<string, string> | null> {
  const [first, ...others] = pages
  if (!first) return null
  const asked = [ask(clock, first, question)]
  const early = await Promise.race([asked[0], pause(clock, HEAD_START_MS)])
  if (early) return early
  for (const page of others) asked.push(ask(clock, page, question))
  return new Promise((resolve) => {
    for (const reply of asked) void reply.then((headers) => headers && resolve(headers))
    void Promise.all(asked).then(() => resolve(null))
  })
}

function ask(clock: Clock, page: Page, question: AuthQuestion): Promise<Record<string, string> | null> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    const finish = (headers: Record<string, string> | null) => {
      stop()
      port1.close()
      resolve(headers)
    }
    const stop = clock.timer(REPLY_MS, () => finish(null))
    port1.addEventListener('message', ({ data }: MessageEvent<unknown>) =>
      finish(isHeaders(data) ? data : null),
    )
    port1.start()
    page.postMessage({ streamkeeper: 1, type: 'auth', ...question }, [port2])
  })
}

function isHeaders(data: unknown): data is Record<string, string> {
  return (
    typeof data === 'object' &&
    data !== null &&
    Object.values(data).every((value) => typeof value === 'string')
  )
}
