import type { FailureCode } from '../core/messages/failure.ts'
import { failureOf } from '../core/messages/failure.ts'
import { createInspection, type Inspection } from '../core/providers/inspection/inspection.ts'
import { SLICE_BYTES } from './limits.ts'
import { leapFrom, type StreamStore } from './stores/store.ts'
import {
  isVoid,
  readInfo,
  SERVER_ERRORS,
  type StreamEnd,
  type StreamErrorCode,
  type StreamHead,
  type StreamInfo,
} from './stream-info.ts'

export function inspect(head: StreamHead, path: string): Inspection {
  return createInspection(new Headers(head.headers), { path })
}

/**
 * Judges how a stream has ended.
 *
 * @param code why it broke off; absent: its connection was closed properly
 */
export function judgeEnd(inspection: Inspection, code?: StreamErrorCode): StreamEnd {
  const verdict = inspection.conclude(code === undefined)
  // A response that the upstream has finished is complete, whatever came then; and an error of its own needs none of
  // ours.
  if (verdict === 'complete' || verdict === 'empty') return { kind: 'complete' }
  if (verdict === 'error_in_stream' && code === undefined) return { kind: 'complete' }
  if (verdict === 'error_in_stream') return errorEnd('error_in_stream')
  const why = errorEnd(code ?? 'truncated')
  const notice = inspection.errorEvent(why)
  return notice ? { ...why, notice: new TextDecoder().decode(notice) } : why
}

/** An error end with the message of its code. */
export function errorEnd(code: StreamErrorCode): StreamEnd & { kind: 'error' } {
  const message = isServerError(code) ? SERVER_ERRORS[code] : failureOf(code).message
  return { kind: 'error', code, message }
}

function isServerError(code: StreamErrorCode): code is Exclude<StreamErrorCode, FailureCode> {
  return Object.hasOwn(SERVER_ERRORS, code)
}

/**
 * Ends a stream whose producer has been silent for too long. Nothing happens if it has written meanwhile; from now on it
 * cannot any more.
 *
 * @returns the end, if the store does not have it
 */
export async function declareDead(
  store: StreamStore,
  id: string,
  version: number,
  onError: (error: unknown) => void,
): Promise<StreamEnd | undefined> {
  const stored = await store.read(id, 0, 0)
  if (stored?.version !== version) return undefined
  const info = readInfo(stored.info)
  const code = info.isStopping ? 'stopped' : 'producer_lost'
  const end = await judgeStored(store, id, info, code)
  const ended: StreamInfo = { ...info, end }
  try {
    const change = { info: JSON.stringify(ended), nextVersion: leapFrom(version), isEnd: true }
    const isEnded = await store.write(id, version, change)
    if (!isEnded || !isVoid(ended, stored.length)) return undefined
    await store.delete(id)
    return end
  } catch (error) {
    onError(error)
    return end
  }
}

/** Judges a stream that breaks off where its stored bytes do. */
export async function judgeStored(
  store: StreamStore,
  id: string,
  { head, path }: StreamInfo,
  code: StreamErrorCode,
): Promise<StreamEnd> {
  if (!head) return errorEnd(code)
  const inspection = inspect(head, path)
  for (let from = 0; ;) {
    const bytes = (await store.read(id, from, SLICE_BYTES))?.bytes ?? new Uint8Array()
    if (bytes.length === 0) return judgeEnd(inspection, code)
    inspection.feed(bytes)
    from += bytes.length
  }
}
