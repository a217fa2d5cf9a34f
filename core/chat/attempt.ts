import { type Clock, deadline } from '../clock.ts'
import { classifyAnswer, classifyErrorEvent } from '../retry/classify.ts'
import type { Outcome } from '../retry/outcome.ts'
import { refusalIn } from './refusal-in.ts'
import type { Total } from './total.ts'
import { type StreamWatch, watchStream } from './watch.ts'

/** What one attempt needs: the request, its deadlines, and the platform. */
export interface AttemptPlan {
  /** Sends the request anew; the signal ends it, body included. */
  send: (signal: AbortSignal) => Promise<Response>
  path: string
  streams: boolean | undefined
  headersMs: number
  firstOutputMs: number
  total: Total
  /** Ends the whole request. */
  signal: AbortSignal
  clock: Clock
  /** 2xx headers are here; the body is still withheld. */
  onAccepted: (response: Response) => void
}

/** An answer whose first bytes have been read: they come before what its reader still has. */
export interface OpenAnswer {
  response: Response
  held: Uint8Array[]
  /** `null` when there is no body, or all of it is held. */
  reader: ReadableStreamDefaultReader<Uint8Array> | null
  watch: StreamWatch
  /** Closes the upstream. */
  abort: () => void
}

export type Attempted =
  | { kind: 'answered'; answer: OpenAnswer }
  /** `answer`: the upstream's own words, should they be the last. */
  | { kind: 'failed'; outcome: Outcome; answer?: OpenAnswer }
  | { kind: 'cancelled' }

/** Beyond this an answer is handed over before its first output, and a refusal's body is not read on. Bytes. */
const MAX_HELD = 1024 * 1024
const MAX_REFUSAL = 64 * 1024

/** A refusal's body that has not come by then is judged by what there is of it, ms. */
const REFUSAL_BODY_MS = 5_000

/**
 * One fetch under its deadlines, up to its first output: whatever goes wrong before that can be tried again unseen.
 *
 * Its duties:
 * - every way out disarms the deadline, and closes or drains the upstream unless the answer is handed on
 * - keep-alives start the first-output deadline again and extend the total: a server that queues the request must not
 *   lose its place
 * - what was slept through is given back to the total
 * - small discarded bodies are read to their end, so that the browser can use the connection again
 */
export async function attempt(plan: AttemptPlan): Promise<Attempted> {
  const { clock, signal, total } = plan
  const upstream = new AbortController()
  const abort = () => upstream.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  let phase: 'headers' | 'first_output' | 'total' | undefined
  let disarm = () => {}
  const expect = (name: 'headers' | 'first_output', ms: number) => {
    disarm()
    const leftMs = total.leftMs()
    const expire = () => {
      phase = ms < leftMs ? name : 'total'
      upstream.abort(new DOMException(`No ${name.replace('_', ' ')} in time`, 'TimeoutError'))
    }
    disarm = deadline(clock, Math.min(ms, leftMs), expire, { renewed: total.giveBack })
  }
  const failed = (outcome: Outcome): Attempted => {
    if (signal.aborted) return { kind: 'cancelled' }
    return { kind: 'failed', outcome: phase ? { kind: 'timeout', phase } : outcome }
  }

  try {
    if (signal.aborted) return { kind: 'cancelled' }
    expect('headers', plan.headersMs)
    let response: Response
    try {
      response = await plan.send(upstream.signal)
    } catch {
      return failed({ kind: 'network_error' }) // The platform does not say why a fetch failed.
    }
    const contentType = response.headers.get('content-type')?.toLowerCase() ?? ''
    const reader = response.body?.getReader() ?? null

    if (response.status >= 400) {
      expect('first_output', REFUSAL_BODY_MS)
      const { bytes: held, ended } = await readBounded(reader, MAX_REFUSAL)
      if (signal.aborted) return { kind: 'cancelled' }
      const refusal = classifyAnswer(response.status, response.headers, decode(held), clock.now())
      const watch = watchStream('', plan.path, false)
      const answer = { response, held, reader: ended ? null : reader, watch, abort: () => upstream.abort() }
      return { kind: 'failed', outcome: { kind: 'refused', refusal, inStream: false }, answer }
    }
    if (contentType.startsWith('text/html')) {
      expect('first_output', REFUSAL_BODY_MS)
      if (!(await readBounded(reader, MAX_REFUSAL)).ended) upstream.abort()
      return signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', outcome: { kind: 'not_a_chat' } }
    }

    plan.onAccepted(response)
    const watch = watchStream(contentType, plan.path, plan.streams)
    const answer: OpenAnswer = { response, held: [], reader, watch, abort: () => upstream.abort() }
    if (!reader) return { kind: 'answered', answer }

    let heldBytes = 0
    while (watch.seen.outputs === 0 && watch.seen.error === undefined && heldBytes < MAX_HELD) {
      expect('first_output', plan.firstOutputMs)
      let chunk: ReadableStreamReadResult<Uint8Array>
      try {
        chunk = await reader.read()
      } catch {
        return failed({ kind: 'cut', clean: false }) // Reset, or a deadline of ours: `phase` tells.
      }
      if (chunk.done) {
        watch.end()
        answer.reader = null
        if (watch.seen.error !== undefined) break
        if (watch.verdict() === 'complete') break
        return failed({ kind: 'cut', clean: true })
      }
      total.extend()
      heldBytes += chunk.value.length
      answer.held.push(chunk.value)
      watch.feed(chunk.value)
    }
    const { finished, outputs, error } = watch.seen
    const isText = !plan.streams && finished && heldBytes <= MAX_REFUSAL
    const told = isText ? refusalIn(decode(answer.held)) : outputs > 0 ? undefined : error
    if (told === undefined) return { kind: 'answered', answer }
    const refusal = classifyErrorEvent(told, clock.now())
    return { kind: 'failed', outcome: { kind: 'refused', refusal, inStream: true }, answer }
  } finally {
    disarm()
    // From here on the answer, if there is one, belongs to its reader, which is told to stop by its own call.
    signal.removeEventListener('abort', abort)
  }
}

/** Reads to the end, or to `limit`; what broke off is read as far as it came. */
async function readBounded(
  reader: ReadableStreamDefaultReader<Uint8Array> | null,
  limit: number,
): Promise<{ bytes: Uint8Array[]; ended: boolean }> {
  const bytes: Uint8Array[] = []
  let size = 0
  try {
    while (reader && size < limit) {
      const { done, value } = await reader.read()
      if (done) return { bytes, ended: true }
      size += value.length
      bytes.push(value)
    }
  } catch {
    return { bytes, ended: true } // Broken, too late, or cancelled: nothing more will come.
  }
  return { bytes, ended: !reader }
}

function decode(chunks: Uint8Array[]): string {
  const decoder = new TextDecoder()
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode()
}
