/** A request as its page saw it; it changes while the answer comes. */
export interface Seen {
  /** Of the Response; absent while there is none. */
  status?: number
  headers?: Headers
  /** The body so far. */
  text: string
  pieces: number
  /** When the first and the last piece came, epoch ms. */
  firstAt?: number
  lastAt?: number
  /** SHA-256 of the body in hex, once it has ended. */
  digest?: string
  /** The name of what `fetch` or the reader rejected with. */
  error?: string
  ended: boolean
}

export interface Call {
  readonly seen: Seen
  /** Resolves when nothing more comes, whatever the reason. Never rejects. */
  readonly ended: Promise<Seen>
  /** As an app's Stop button. */
  abort: () => void
}

/** Sends a request as the app in this window would: by its plain `fetch`. */
export function call(app: Window & typeof globalThis, path: string, init: RequestInit): Call {
  const seen: Seen = { text: '', pieces: 0, ended: false }
  const abort = new app.AbortController()
  const response = app.fetch(path, { ...init, signal: abort.signal })
  return { seen, ended: read(response, seen), abort: () => abort.abort() }
}

async function read(response: Promise<Response>, seen: Seen): Promise<Seen> {
  const received: Uint8Array<ArrayBuffer>[] = []
  try {
    const { status, headers, body } = await response
    Object.assign(seen, { status, headers })
    const reader = body?.getReader()
    const decoder = new TextDecoder()
    while (reader) {
      const { done, value } = await reader.read()
      if (done) break
      received.push(value)
      seen.pieces++
      seen.firstAt ??= Date.now()
      seen.lastAt = Date.now()
      seen.text += decoder.decode(value, { stream: true })
    }
    seen.digest = await digestOf(received)
  } catch (error) {
    // Of another window's realm: no `instanceof`.
    const { name } = (error ?? {}) as Partial<Error>
    seen.error = name ?? String(error)
  }
  seen.ended = true
  return seen
}

/** SHA-256 in hex. */
export async function digestOf(pieces: Uint8Array<ArrayBuffer>[]): Promise<string> {
  const bytes = await new Blob(pieces).arrayBuffer()
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
