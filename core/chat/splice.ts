/** A request for the bytes after the last one that was passed on. */
export interface ResumeRequest {
  url: URL
  headers?: Record<string, string>
}

/** The server's reply to it. */
export interface ResumedHead {
  headers: Headers
}

/**
 * Joins a response that a server sends again to the part that was passed on. It passes nothing on twice, leaves nothing
 * out, and accepts nothing of another response: it refuses what it cannot prove.
 */
export interface Splice {
  /**
   * Takes bytes of the current connection, and returns those that may be passed on; `undefined`: they are not the rest
   * of this response, and none may be.
   */
  take: (bytes: Uint8Array) => Uint8Array[] | undefined
  /** Bytes that wait for the end of their event, as they came. */
  unfinished: () => readonly Uint8Array[]
  /**
   * The connection is over: an unfinished event is dropped, and the next bytes come from another connection. Returns
   * the request for it; `undefined` if there can be none.
   */
  reconnect: () => ResumeRequest | undefined
  /** The server has responded; called before the response's bytes are taken. */
  begin: (head: ResumedHead) => void
  /** Returns `true` if the server has said that there is nothing more. */
  isClosed: () => boolean
  /** How much of the response has been passed on; keep-alives do not count. */
  size: () => number
  /** Returns `true` if everything that must come again has come; if not, a clean end does not count. */
  hasCaughtUp: () => boolean
  /** True if the server marks ends: if not, and no known wire's end has come, a clean end proves nothing. */
  saysEnd: boolean
  /** True if the server is known to have the response: then it is never requested by another POST. */
  isKnown: () => boolean
  /** True if the response comes again with the same bytes, including comments, so that positions remain valid. */
  isExact: boolean
  /** The URL at which a POST stops it at the server. */
  stopUrl: () => URL | undefined
  /**
   * Replaces `reconnect` for a response that its server no longer streams: asks for all of it; absent or `undefined`:
   * that is not possible.
   */
  whole?: () => WholeRequest | undefined
}

/** A request for a response as one JSON value. */
export interface WholeRequest extends ResumeRequest {
  /** As `Follower.missing`. */
  missing: (reply: unknown) => string | undefined
}
