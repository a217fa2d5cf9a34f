import type { Status } from '../../client/index.ts'

/** The outcome of a request, as its page saw it. */
export interface Call {
  /** `open`: its Response is here, its body not yet; `whole`: it ended cleanly; `failed`: fetch or reader rejected. */
  state: 'waiting' | 'open' | 'whole' | 'failed'
  /** Epoch ms. */
  startedAt: number
  /** When the Response was there, epoch ms. */
  answeredAt?: number
  status?: number
  /** `Response.type`. */
  type?: string
  redirected?: boolean
  /** `Response.url`. */
  url?: string
  headers: Record<string, string>
  /** The body as the reader gave it, each piece with its time (epoch ms). */
  chunks: { at: number; text: string }[]
  /** SHA-256 of all bytes that came, in hex; set before the end is. */
  digest?: string
  /** The items of `streamChat`, chunks and statuses separately. */
  items: unknown[]
  statuses: Status[]
  error?: string
  /** Of a `ChatError`. */
  code?: string | undefined
}

export interface CallInit {
  method?: string
  headers?: Record<string, string>
  body?: string
  /** Passes `keeper.headers(id)` along, so that the request's id is known. */
  requestId?: string
  /** Any other `RequestInit`. */
  more?: Pick<RequestInit, 'redirect' | 'mode' | 'credentials' | 'cache' | 'referrerPolicy' | 'keepalive'>
}

/** Reads a Response to its end and writes down what comes, while it comes. */
export async function readCall(response: Promise<Response>, call: Call): Promise<void> {
  const received: Uint8Array<ArrayBuffer>[] = []
  try {
    const { status, type, redirected, url, headers, body } = await response
    Object.assign(call, { status, type, redirected, url, answeredAt: Date.now(), state: 'open' })
    headers.forEach((value, name) => (call.headers[name] = value))
    const reader = body?.getReader()
    const decoder = new TextDecoder()
    while (reader) {
      const { done, value } = await reader.read()
      if (done) break
      received.push(value)
      call.chunks.push({ at: Date.now(), text: decoder.decode(value, { stream: true }) })
    }
    call.digest = await digestOf(received)
    call.state = 'whole'
  } catch (error) {
    call.digest = await digestOf(received)
    call.error = String(error)
    call.state = 'failed'
  }
}

/** Only secure contexts can digest. */
async function digestOf(pieces: Uint8Array<ArrayBuffer>[]): Promise<string> {
  const bytes = await new Blob(pieces).arrayBuffer()
  const hash = new Uint8Array((await crypto.subtle?.digest('SHA-256', bytes)) ?? [])
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
