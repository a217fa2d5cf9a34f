import { isNotice } from '../core/chat/notice.ts'
import type { Clock } from '../core/clock.ts'
import { deferred } from '../core/deferred.ts'
import type { Failure } from '../core/messages/failure.ts'
import type { Inspection } from '../core/providers/inspection/inspection.ts'
import { copyChunk } from './copy-chunk.ts'
import { errorEnd, inspect, judgeEnd } from './judge-end.ts'
import { headOf } from './head.ts'
import { TAIL_BYTES } from './limits.ts'
import { createRefusal, type Refusal } from './refusal.ts'
import { createSaver } from './saver.ts'
import type { Source } from './source.ts'
import type { StreamStore } from './stores/store.ts'
import type { StreamEnd, StreamErrorCode, StreamHead, StreamInfo } from './stream-info.ts'
import { createTail } from './tail.ts'

/** How a run has begun. Only the first kind is stored. */
export type Beginning =
  | { kind: 'streaming'; timing: string | null }
  /** A response that is not a stream: a refusal, or nothing at all. */
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'failed'; error: unknown }
  /** The upstream was closed before it had responded. */
  | { kind: 'closed'; code: StreamErrorCode }

/** A response that was taken over. */
type Begun =
  | Extract<Beginning, { kind: 'refused' }>
  | {
      kind: 'streaming'
      head: StreamHead
      /** Its `Server-Timing`. */
      timing: string | null
      inspection: Inspection
      reader: ReadableStreamDefaultReader<Uint8Array>
    }

/** One response on its way from upstream into the store, whoever reads it. */
export interface Production {
  /** Its record when it was added. */
  added: StreamInfo
  beginning: Promise<Beginning>
  /** For readers in this process: they need not wait for the store. */
  source: Source
  /** Closes the upstream. */
  stop: () => void
  /** Resolves when nothing more will be read or written; never rejects. */
  finished: Promise<void>
}

interface ProductionPlan {
  id: string
  info: StreamInfo
  send: (signal: AbortSignal) => Promise<Response>
  store: StreamStore
  clock: Clock
  maxBytes: number
  /** True if the store has accepted it. */
  isKept: boolean
  /** True if it was stopped already: then nothing is sent. */
  isStopped: boolean
  /** Called when the store has failed; the response continues. */
  onStoreError: (error: unknown) => void
}

/**
 * Runs one request to its end.
 *
 * Its duties:
 * - bytes go to readers of this process immediately, and to the store in batches, in the same order
 * - it ends in exactly one way, and the end is the last thing that is written
 * - if it ends before its first byte, it leaves no trace: the store forgets it, and its key is free. Only a Stop is
 *   remembered
 * - so a run with a key returns no byte before the store says that it has one: until then another process may consider
 *   it dead, and run the request again
 * - only the store says whose it is, and what of it is stored. A store that fails says nothing: it stops no response
 *   that somebody reads here, and one that is still held only when another process might soon run it again
 */
export function produce({
  id,
  send,
  store,
  clock,
  maxBytes,
  isKept,
  isStopped,
  onStoreError,
  ...plan
}: ProductionPlan): Production {
  const upstream = new AbortController()
  const tail = createTail(TAIL_BYTES)
  const beginning = deferred<Beginning>()
  const listeners = new Set<() => void>()
  let { info } = plan
  /** Why the upstream was closed, if it was. */
  let closedFor: StreamErrorCode | undefined
  const closed = deferred<StreamErrorCode>()
  /** True while readers get none of its bytes. */
  let isHeld = isKept && plan.info.key !== undefined
  const saver = createSaver({
    id,
    store,
    clock,
    tail,
    onStop: () => close('stopped'),
    onLost: () => close('producer_lost'),
    onError: onStoreError,
    isKept,
    isHeld,
  })
  if (isHeld) void saver.isClaimed.then((isClaimed) => (isClaimed ? release() : close('producer_lost')))

  if (isStopped) close('stopped')

  return {
    added: plan.info,
    beginning: beginning.promise,
    source: {
      id,
      isRemote: false,
      read: async (from, most) => {
        if (isHeld) return { info, length: 0, bytes: new Uint8Array() }
        // A Stop must reach it even if the store does not reply.
        if (most === 0) return { info, length: tail.length(), bytes: new Uint8Array() }
        const bytes = tail.read(from, most)
        if (bytes) return { info, length: tail.length(), bytes }
        const stored = await store.read(id, from, Math.min(most, tail.savedTo() - from))
        // Bytes that the store has lost are gone.
        return stored?.bytes.length ? { info, length: tail.length(), bytes: stored.bytes } : undefined
      },
      watch: (changed) => {
        listeners.add(changed)
        return () => void listeners.delete(changed)
      },
    },
    stop: () => close('stopped'),
    finished: run(),
  }

  async function run(): Promise<void> {
    let begun: Begun
    try {
      upstream.signal.throwIfAborted()
      begun = takeOver(await orAborted(upstream.signal, send(upstream.signal)))
    } catch (error) {
      if (closedFor) return endWithoutHead({ kind: 'closed', code: closedFor })
      upstream.abort(error) // A response that could not be taken over is not read.
      return endWithoutHead({ kind: 'failed', error })
    }
    if (begun.kind === 'refused') return endWithoutHead(begun)
    update({ head: begun.head })
    if (isHeld) await Promise.race([saver.stored(), closed.promise])
    beginning.resolve(
      closedFor ? { kind: 'closed', code: closedFor } : { kind: 'streaming', timing: begun.timing },
    )
    const read = await readAll(begun)
    // A Stop does not wait for the store.
    const isClaimed = Promise.race([
      saver.isClaimed,
      closed.promise.then((code) => code !== 'stopped' && saver.isClaimed),
    ])
    const isLost = isHeld && tail.length() > 0 && !(await isClaimed)
    const isStopped = closedFor === 'stopped' && read.kind === 'error'
    // Bytes that no reader gets say nothing about how it ended, unless it was stopped.
    update({ end: isLost && !isStopped ? errorEnd(closedFor ?? 'producer_lost') : read })
    await saver.finished
  }

  /**
   * Takes everything that is needed of a response at once: an app's own `respond` may return anything, and use it
   * afterwards.
   */
  function takeOver(response: Response): Begun {
    const { body, status, headers } = response
    if (!(status >= 200 && status <= 599))
      throw new TypeError(`Cannot read response: its status is ${status}`)
    if (response.bodyUsed || body?.locked) throw new TypeError('Cannot read response: its body is used')
    if (!body || status >= 300) return { kind: 'refused', refusal: createRefusal(response, clock) }
    const head = headOf(response)
    const timing = headers.get('server-timing')
    return { kind: 'streaming', head, timing, inspection: inspect(head, info.path), reader: body.getReader() }
  }

  async function readAll({ inspection, reader }: Begun & { kind: 'streaming' }): Promise<StreamEnd> {
    // Not every upstream notices that its request was aborted.
    const cancel = () => void reader.cancel().catch(() => {})
    upstream.signal.addEventListener('abort', cancel, { once: true })
    if (upstream.signal.aborted) cancel()
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (closedFor) return judgeEnd(inspection, closedFor)
        if (done) return judgeEnd(inspection)
        // The engine reports a cut as an event of the response's protocol. Here each reader gets its own, and it is not
        // stored.
        if (isNotice(value)) continue
        const bytes = copyChunk(value)
        if (tail.length() + bytes.length > maxBytes) close('too_large')
        else {
          inspection.feed(bytes)
          tail.push(bytes)
          saver.bytesAdded()
          wake()
        }
      }
    } catch (error) {
      cancel()
      return judgeEnd(inspection, closedFor ?? codeOf(error))
    } finally {
      // The signal may outlive the response.
      upstream.signal.removeEventListener('abort', cancel)
    }
  }

  /** Ends a run that has no head. */
  async function endWithoutHead(how: Exclude<Beginning, { kind: 'streaming' }>): Promise<void> {
    const code = how.kind === 'closed' ? how.code : 'upstream_error'
    update({ end: errorEnd(code) })
    beginning.resolve(how)
    await saver.finished
  }

  function close(code: StreamErrorCode): void {
    if (closedFor) return
    closedFor = code
    upstream.abort(new DOMException(errorEnd(code).message, 'AbortError'))
    closed.resolve(code)
  }

  function release(): void {
    isHeld = false
    wake()
  }

  function update(change: Partial<StreamInfo>): void {
    info = { ...info, ...change }
    saver.infoChanged(info)
    wake()
  }

  function wake(): void {
    for (const changed of listeners) changed()
  }
}

/** The task's result, or the signal's reason if the task does not notice an abort. */
function orAborted(signal: AbortSignal, task: Promise<Response>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    task
      .then((response) => {
        if (signal.aborted) void response.body?.cancel().catch(() => {}) // Nobody will read it.
        resolve(response)
      })
      .catch(reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}

/** The engine says why a body broke off; a platform does not. */
function codeOf(error: unknown): StreamErrorCode {
  const cause = error instanceof Error ? (error.cause as Partial<Failure> | undefined) : undefined
  const isOurs =
    typeof cause === 'object' && typeof cause.code === 'string' && typeof cause.message === 'string'
  return isOurs && error instanceof TypeError && error.message === cause.message
    ? (cause.code as Failure['code'])
    : 'network_error'
}
