import { type Clock, deadline } from '../clock.ts'
import type { FailureCode } from '../protocol/failure.ts'
import { classifyAnswer, classifyErrorEvent } from '../retry/classify.ts'
import type { Outcome } from '../retry/outcome.ts'
import { createInspection, type Inspection, type Verdict } from '../providers/inspection/inspection.ts'
import { isHtml } from '../providers/media-types.ts'
import type { OwnProtocol } from '../providers/own-wire.ts'
import { openChunks, type Chunk, type Chunks } from './chunks.ts'
import { orAborted } from './or-aborted.ts'
import type { Splice } from './splice.ts'
import type { Total } from './total.ts'

/** What one attempt needs: the request, its deadlines, and the platform. */
export interface AttemptPlan extends OwnProtocol {
  /** Sends the request anew; the signal ends it, body included. */
  send: (signal: AbortSignal) => Promise<Response>
  path: string
  streams: boolean | undefined
  choices: number
  /** `undefined`: the platform does not tell when they are here; only output can be waited for. */
  headersMs: number | undefined
  firstOutputMs: number
  total: Total
  /** Ends the whole request. */
  signal: AbortSignal
  clock: Clock
  /** Joins what the server gives again to a response, if it does. */
  createSplice: (response: Response) => Splice | undefined
  /** 2xx headers are here; the body is still withheld. */
  onAccepted: (response: Response) => void
}

/** A response whose first bytes have been read: they come before what its reader still has. */
export interface OpenAnswer {
  response: Response
  held: Uint8Array[]
  /** `null` when there is no body, or all of it is held. */
  rest: Chunks | null
  /** Absent for a refusal, which is passed on as it is. */
  inspection?: Inspection
  /** Present if its server may give it again after a cut; what is held has passed it. */
  splice?: Splice | undefined
  /** Why its connection broke before the first output: its server knows it, so it is read on, not asked for again. */
  brokenBy?: FailureCode
  /** How it ended, where all of it is held. */
  verdict?: Verdict
  /** A page of HTML where a chat should be. */
  isPage?: boolean
  /** The same response, untouched: with its URL, and whether it was redirected. */
  asItCame?: Response
  /** Closes the upstream. */
  abort: () => void
}

export type Attempted =
  | { kind: 'answered'; answer: OpenAnswer }
  /** `answer`: the upstream's own words, should they be the last. */
  | { kind: 'failed'; outcome: Outcome; answer?: OpenAnswer }
  | { kind: 'cancelled' }

/** An event that has begun, and may be output, is held back for so long; many arrive in two pieces. ms */
const UNFINISHED_MS = 25

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
  let rest: Chunks | null = null
  /** The clock that closed the upstream. */
  let expired: 'headers' | 'first_output' | 'total' | undefined
  let disarm = () => {}
  if (signal.aborted) return { kind: 'cancelled' }
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await send()
  } finally {
    disarm()
    // From here on the answer, if there is one, belongs to its reader, which is told to stop by its own call.
    signal.removeEventListener('abort', abort)
  }

  async function send(): Promise<Attempted> {
    if (plan.headersMs === undefined) expect('first_output', plan.firstOutputMs)
    else expect('headers', plan.headersMs)
    let response: Response
    try {
      response = await orAborted(upstream.signal, plan.send(upstream.signal))
    } catch {
      return failed({ kind: 'network_error' }) // The platform does not say why a fetch failed.
    }
    const isNull = NULL_BODY.has(response.status)
    if (isNull) void response.body?.cancel().catch(() => {}) // Some browsers have a body even there.
    const label = response.headers.get('content-type') ?? ''
    const mayBePage = label === '' || isHtml(label)
    // A page is bounded, and only the untouched Response keeps where it came from.
    const asItCame = response.redirected && mayBePage ? response.clone() : undefined
    rest = isNull || !response.body ? null : openChunks(response.body)
    const answer: OpenAnswer = { response, held: [], rest, abort: () => upstream.abort() }
    if (response.status >= 400) return refused(answer)

    if (!mayBePage) plan.onAccepted(response)
    const inspection = createInspection(response.headers, plan)
    answer.splice = isNull ? undefined : plan.createSplice(response)
    const early = await holdUpToOutput(answer, inspection)
    if (early === 'page') return page(answer, asItCame)
    if (asItCame) void asItCame.body?.cancel().catch(() => {}) // It was no page after all.
    if (mayBePage) plan.onAccepted(response)
    const isKnown = answer.splice?.isKnown() === true && early?.kind !== 'cancelled' && expired !== 'total'
    if (isKnown) {
      const brokenBy = expired ? 'first_output_timeout' : early && 'network_error'
      return { kind: 'answered', answer: { ...answer, inspection, ...(brokenBy ? { brokenBy } : {}) } }
    }
    return early ?? judge({ ...answer, inspection }, isNull)
  }

  async function refused(answer: OpenAnswer): Promise<Attempted> {
    expect('first_output', REFUSAL_BODY_MS)
    await holdUpTo(answer, MAX_REFUSAL)
    if (signal.aborted) return { kind: 'cancelled' }
    const { status, headers } = answer.response
    const refusal = classifyAnswer(status, headers, decode(answer.held), clock.now())
    return { kind: 'failed', outcome: { kind: 'refused', refusal, inStream: false }, answer }
  }

  async function page(answer: OpenAnswer, asItCame: Response | undefined): Promise<Attempted> {
    expect('first_output', REFUSAL_BODY_MS)
    await holdUpTo(answer, MAX_REFUSAL)
    if (signal.aborted) return { kind: 'cancelled' }
    const own = { ...answer, isPage: true, ...(asItCame ? { asItCame } : {}) }
    return { kind: 'failed', outcome: { kind: 'not_a_chat' }, answer: own }
  }

  /** Holds what comes before the first output; what is returned ended it before that. */
  async function holdUpToOutput(
    answer: OpenAnswer,
    inspection: Inspection,
  ): Promise<Attempted | 'page' | undefined> {
    let heldBytes = 0
    let unfinishedAt: number | undefined
    while (answer.rest) {
      const stage = inspection.stage()
      if (stage === 'page') return stage
      if (stage === 'output' || stage === 'error' || stage === 'over') return undefined
      if (heldBytes >= MAX_HELD) {
        inspection.release()
        return undefined
      }
      expect('first_output', plan.firstOutputMs)
      let chunk: Chunk | undefined
      try {
        const next = answer.rest.next()
        if (stage !== 'unfinished') unfinishedAt = undefined
        else unfinishedAt ??= clock.monotonic()
        chunk = await (unfinishedAt === undefined
          ? next
          : within(clock, unfinishedAt + UNFINISHED_MS - clock.monotonic(), next))
      } catch {
        return failed({ kind: 'cut', clean: false }) // Reset, or a deadline of ours: `expired` tells.
      }
      if (!chunk) {
        inspection.release()
        return undefined
      }
      if (expired || signal.aborted) return failed({ kind: 'cut', clean: false })
      if (chunk.done) answer.rest = null
      else {
        total.extend()
        heldBytes += chunk.value.length
        for (const bytes of answer.splice?.take(chunk.value) ?? [chunk.value]) {
          answer.held.push(bytes)
          inspection.feed(bytes)
        }
      }
    }
    return undefined
  }

  /** Judges what is held: it has failed, or may be handed on. */
  function judge(answer: OpenAnswer & { inspection: Inspection }, isNull: boolean): Attempted {
    const { inspection } = answer
    if (!answer.rest && !isNull) {
      answer.verdict = inspection.conclude(true)
      if (answer.verdict === 'truncated') return failed({ kind: 'cut', clean: true })
    }
    const { error, outputs, ended, final, reason } = inspection.seen
    if (error !== undefined && outputs === 0) {
      const refusal = classifyErrorEvent(error, clock.now())
      return { kind: 'failed', outcome: { kind: 'refused', refusal, inStream: true }, answer }
    }
    const isEmpty = answer.verdict === 'empty' || (outputs === 0 && (ended || final) && !reason)
    if (isEmpty && plan.streams === true) return { kind: 'failed', outcome: { kind: 'empty' }, answer }
    return { kind: 'answered', answer }
  }

  function failed(outcome: Outcome): Attempted {
    if (signal.aborted) return { kind: 'cancelled' }
    return { kind: 'failed', outcome: expired ? { kind: 'timeout', phase: expired } : outcome }
  }

  /** Starts the deadline of a phase; the total may be due before it. */
  function expect(phase: 'headers' | 'first_output', ms: number) {
    disarm()
    const leftMs = total.leftMs()
    const expire = () => {
      expired = ms < leftMs ? phase : 'total'
      upstream.abort(new DOMException(`No ${phase.replace('_', ' ')} in time`, 'TimeoutError'))
      rest?.cancel()
    }
    disarm = deadline(clock, Math.min(ms, leftMs), expire, { renewed: total.giveBack })
  }

  function abort() {
    upstream.abort(signal.reason)
    rest?.cancel()
  }
}

/** Statuses whose responses have no body. */
const NULL_BODY = new Set([101, 103, 204, 205, 304])

/** Holds what comes, to the end or to `limit`; what broke off is held as far as it came. */
async function holdUpTo(answer: OpenAnswer, limit: number): Promise<void> {
  let size = answer.held.reduce((sum, { length }) => sum + length, 0)
  try {
    while (answer.rest && size < limit) {
      const { done, value } = await answer.rest.next()
      if (done) answer.rest = null
      else {
        size += value.length
        answer.held.push(value)
      }
    }
  } catch {
    answer.rest = null // Broken, too late, or cancelled: nothing more will come.
  }
}

/** What the work comes to within that time, else `undefined`. */
async function within<Value>(clock: Clock, ms: number, work: Promise<Value>): Promise<Value | undefined> {
  let disarm = () => {}
  const late = new Promise<undefined>((resolve) => (disarm = clock.timer(ms, () => resolve(undefined))))
  try {
    return await Promise.race([work, late])
  } finally {
    disarm()
  }
}

function decode(chunks: Uint8Array[]): string {
  const decoder = new TextDecoder()
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode()
}
