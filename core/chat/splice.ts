/** A request for the bytes after the last one that was handed on. */
export interface ResumeRequest {
  url: URL
  headers?: Record<string, string>
}

/** The server's reply to it. */
export interface ResumedHead {
  headers: Headers
}

/**
 * Joins what a server gives again to what has been handed on. It hands on nothing twice, leaves nothing out, and takes
 * nothing of another response: what it cannot prove it refuses.
 */
export interface Splice {
  /**
   * Takes bytes of the connection in use, and returns what may be handed on; `undefined`: what comes is not the rest of
   * this response, and nothing of it may be.
   */
  take: (bytes: Uint8Array) => Uint8Array[] | undefined
  /** Bytes that wait for the end of their event, as they came. */
  unfinished: () => readonly Uint8Array[]
  /**
   * The connection is over: what had only begun is dropped, and what comes next is of another one. Returns what to ask
   * for; `undefined` if nobody knows.
   */
  reconnect: () => ResumeRequest | undefined
  /** The server has answered the request; called before its bytes are taken. */
  begin: (head: ResumedHead) => void
  /** Returns `true` if the server has said that what came by now is all. */
  isClosed: () => boolean
  /** How much of the response has been handed on; keep-alives are nothing. */
  size: () => number
  /** Returns `true` if what was handed on has come again as far as it must: where it has not, a clean end is none. */
  hasCaughtUp: () => boolean
  /** The server says so: where it does not, and no known wire's end is there, a clean end proves nothing. */
  saysEnd: boolean
  /** True if the server is known to have the response: then it is never asked for by another POST. */
  isKnown: () => boolean
  /** What is given again has the same bytes, comments and all: positions in it hold for what was handed on before. */
  isExact: boolean
  /** Where a POST ends it at the server. */
  stopUrl: () => URL | undefined
  /** Asks for all of one that its server streams no more, in place of `reconnect`; absent or `undefined`: nobody can. */
  whole?: () => WholeRequest | undefined
}

/** A request for a response as one JSON value. */
export interface WholeRequest extends ResumeRequest {
  /** As `Follower.missing`. */
  missing: (reply: unknown) => string | undefined
}
