import { worker } from './worker.ts'

/** What a page is told of a saved message that needs new credentials; nothing of its body. */
export interface AuthQuestion {
  origin: string
  url: string
  entryId: string
  conversation: string
}

/** A page that does not answer by then has no answer, ms. */
const ANSWER_MS = 10_000

/** Asks the pages of the scope for new headers, the one in front first; `null` when none has any. */
export async function askAuth(scope: string, question: AuthQuestion): Promise<Record<string, string> | null> {
  const pages = await worker.clients.matchAll({ type: 'window' })
  for (const page of pages) {
    if (!page.url.startsWith(scope)) continue
    const headers = await ask(page, question)
    if (headers) return headers
  }
  return null
}

function ask(page: Client, question: AuthQuestion): Promise<Record<string, string> | null> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    const timer = setTimeout(() => finish(null), ANSWER_MS)
    const finish = (headers: Record<string, string> | null) => {
      clearTimeout(timer)
      port1.close()
      resolve(headers)
    }
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
