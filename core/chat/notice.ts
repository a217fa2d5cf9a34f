import type { Failure } from '../messages/failure.ts'

const notices = new WeakSet<Uint8Array>()

/** Marks a chunk as an error event of ours, not bytes of the upstream. */
export function markNotice(event: Uint8Array): Uint8Array {
  notices.add(event)
  return event
}

export function isNotice(chunk: Uint8Array): boolean {
  return notices.has(chunk)
}

/** The error that a body breaks off with; its cause is the failure. */
export function brokenOff(failure: Failure): TypeError {
  return new TypeError(failure.message, { cause: failure })
}
