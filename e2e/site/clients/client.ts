/** A client of chat APIs with its default settings: it knows nothing of us. */
export interface Client {
  /** Which API it asks, below `/v1`. */
  path: string
  ask: (question: Question) => Promise<void>
}

export interface Question {
  /** The API's root, `…/v1`, without a slash at its end. */
  base: string
  /** Goes into every request's query. */
  query: Record<string, string>
  model: string
  /** A client without headers of its own sends none. */
  key: string
  /** Aborts when the user has pressed Stop. */
  stop: AbortSignal
  reply: Reply
}

/** The app's view, recorded while it arrives. */
export interface Reply {
  /** `whole`: the client gave the answer as complete; `failed`: it told an error; `stopped`: it took Stop for what it is. */
  state: 'waiting' | 'whole' | 'failed' | 'stopped'
  text: string
  /** As the client gives it. */
  finish?: string | undefined
  /** The error's own name and message. */
  error?: { name: string; message: string; status?: number | undefined }
}

/** The API's address for clients that want no more than a URL. */
export function urlOf({ base, query }: Question, path: string): string {
  return `${base}/${path}?${new URLSearchParams(query)}`
}

export function failWith(reply: Reply, error: unknown, stop: AbortSignal): void {
  const { name, message, status } = error as Error & { status?: number }
  reply.state = stop.aborted ? 'stopped' : 'failed'
  reply.error = { name: (error as object)?.constructor?.name ?? name, message, status }
}
