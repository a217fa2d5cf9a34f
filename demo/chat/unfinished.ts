/** An answer that is arriving in this tab. */
export interface Unfinished {
  requestId: string
  conversation: string
  /** The id of its message. */
  message: string
  /** Epoch ms. */
  createdAt: number
}

const KEY = 'streamkeeper demo unfinished'

/** The response that was arriving when this tab was reloaded; another tab keeps its own. */
export function unfinished(): Unfinished[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as Unfinished[]
  } catch {
    return [] // No storage, or not ours: a reload loses sight of the answer, and nothing else.
  }
}

export function remember(entry: Unfinished): void {
  store([...without(entry.requestId), entry])
}

export function forget(requestId: string): void {
  store(without(requestId))
}

function without(requestId: string): Unfinished[] {
  return unfinished().filter((entry) => entry.requestId !== requestId)
}

function store(entries: Unfinished[]): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(entries))
  } catch {
    // As above.
  }
}
