import type { Failure } from '../messages/failure.ts'

const notices = new WeakSet<Uint8Array>()

/** Remembers that a chunk is an error event of ours and none of the upstream's bytes. */
export function markNotice(event: Uint8Array): Uint8Array {
  notices.add(event)
  return event
}

export function isNotice(chunk: Uint8Array): boolean {
  return notices.has(chunk)
}

/** The error that a body breaks with; its cause says why. */
export function brokenOff(failure: Failure): TypeError {
  return new TypeError(failure.message, { cause: failure })
}
