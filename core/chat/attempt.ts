import { type Clock, deadline } from '../clock.ts'
import { join, sizeOf } from '../concat.ts'
import { deferred } from '../deferred.ts'
import type { FailureCode } from '../messages/failure.ts'
import { classifyResponse, classifyErrorEvent } from '../retry/classify.ts'
import type { Outcome } from '../retry/outcome.ts'
import { createInspection, type Inspection, type Verdict } from '../providers/inspection/inspection.ts'
import { skipBlanks } from '../providers/inspection/split.ts'
import { isHtml } from '../providers/media-types.ts'
import type { OwnProtocol } from '../providers/own-wire.ts'
import { openChunks, type Chunk, type Chunks } from './chunks.ts'
import { orAborted } from './or-aborted.ts'
import type { Splice } from './splice.ts'
import type { Total } from './total.ts'

/** The input of one attempt: the request, its deadlines, and the platform. */
export interface AttemptPlan extends OwnProtocol {
  /** Sends the request again; the signal ends it, body included. */
  send: (signal: AbortSignal) => Promise<Response>
  path: string
  streams: boolean | undefined
  mustStream: boolean
  choices: number
  /** `undefined`: the platform does not show when headers arrive, so only output can be awaited. */
  headersMs: number | undefined
  firstOutputMs: number
  total: Total
  /** Ends the whole request. */
  signal: AbortSignal
  clock: Clock
  /** Creates the splice of a response that the server can send again, if it can. */
  createSplice: (response: Response) => Splice | undefined
  /** Called when 2xx headers are here; the body is still withheld. */
  onAccepted: (response: Response) => void
}

/** A response whose first bytes have been read into `held`; `rest` has what follows them. */
export interface OpenResponse {
  response: Response
  held: Uint8Array[]
  /** `null` when there is no body, or all of it is held. */
  rest: Chunks | null
  /** Absent for a refusal, which is passed on unchanged. */
  inspection?: Inspection
  /** Present if its server may send it again after a cut; the held bytes have already passed through it. */
  splice?: Splice | undefined
  /** Why its connection broke before the first output: its server has it, so it is resumed, not requested again. */
  brokenBy?: FailureCode
  /** Time left for its first output, ms. */
  leftMs?: () => number
  /** How it ended, if all of it is held. */
  verdict?: Verdict
  /** True if it is a page of HTML in place of a chat. */
  isPage?: boolean
  /** The same response untouched, with its URL and whether it was redirected. */
  asItCame?: Response
  /** Closes the upstream. */
  abort: () => void
}

export type Attempted =
  | { kind: 'answered'; opened: OpenResponse }
  /** `opened`: the upstream's own response, for use if this attempt is the last. */
  | { kind: 'failed'; outcome: Outcome; opened?: OpenResponse }
  /** `splice`: where its server continues the response until it is told to stop. */
  | { kind: 'cancelled'; splice?: Splice | undefined }

/** An unfinished event that may be output is held back for this long, because many arrive in two pieces. ms */
const UNFINISHED_MS = 25

/**
 * Beyond these sizes a response is passed on before its first output, and a refusal's body is not read further. Bytes.
 */
const MAX_HELD = 1024 * 1024
const MAX_REFUSAL = 64 * 1024

/** A refusal is judged by the part of its body that has arrived by then; its reader gets the rest as it comes. ms */
const REFUSAL_BODY_MS = 5_000

/**
 * One fetch under its deadlines, up to its first output: any failure before that can be retried without the page seeing
 * it.
 *
 * Its duties:
 * - every way out disarms the deadline, and closes or drains the upstream unless the response is passed on
 * - keep-alives restart the first-output deadline and extend the total: a request that is queued at the server must not
 *   lose its place
 * - time that the machine slept is given back to the total
 * - small discarded bodies are read to their end, so that the browser can reuse the connection
 */
export async function attempt(plan: AttemptPlan): Promise<Attempted> {
  const { clock, signal, total } = plan
  const upstream = new AbortController()
  let rest: Chunks | null = null
  /** The deadline that closed the upstream. */
  let expired: 'headers' | 'first_output' | 'total' | undefined
  let disarm = () => {}
  if (signal.aborted) return { kind: 'cancelled' }
  signal.addEventListener('abort', abort)
  try {
    return await send()
  } finally {
    disarm()
    // From here on the response, if there is one, belongs to its reader, which handles an abort itself.
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
    if (isNull) void response.body?.cancel().catch(() => {}) // Some browsers give even these a body.
    const mayBePage = isHtml(response.headers.get('content-type') ?? '')
    // A page is bounded, so it can be cloned; only the untouched Response keeps where it came from.
    const asItCame = response.redirected && mayBePage ? response.clone() : undefined
    rest = isNull || !response.body ? null : openChunks(response.body)
    const opened: OpenResponse = { response, held: [], rest, abort: () => upstream.abort() }
    if (response.status >= 400) return refused(opened)

    if (!mayBePage) plan.onAccepted(response)
    const inspection = createInspection(response.headers, plan)
    opened.splice = isNull ? undefined : plan.createSplice(response)
    const early = await holdUpToOutput(opened, inspection)
    if (early === 'page') return page(opened, asItCame)
    if (asItCame) void asItCame.body?.cancel().catch(() => {}) // It is not a page after all.
    if (mayBePage) plan.onAccepted(response)
    const isKnown = opened.splice?.isKnown() === true && expired !== 'total'
    if (early?.kind === 'cancelled') return { kind: 'cancelled', splice: opened.splice }
    if (isKnown) {
      if (expired || early) {
        opened.brokenBy = expired ? 'first_output_timeout' : 'network_error'
        opened.leftMs = total.leftMs
      }
      return { kind: 'answered', opened: { ...opened, inspection } }
    }
    return early ?? judge({ ...opened, inspection }, isNull)
  }

  async function refused(opened: OpenResponse): Promise<Attempted> {
    await holdRefusal(opened)
    if (signal.aborted) return { kind: 'cancelled' }
    const { status, headers } = opened.response
    const refusal = classifyResponse(status, headers, decode(opened.held), clock.now())
    return { kind: 'failed', outcome: { kind: 'refused', refusal, inStream: false }, opened }
  }

  async function page(opened: OpenResponse, asItCame: Response | undefined): Promise<Attempted> {
    await holdRefusal(opened)
    if (signal.aborted) return { kind: 'cancelled' }
    const own = { ...opened, isPage: true, ...(asItCame ? { asItCame } : {}) }
    return { kind: 'failed', outcome: { kind: 'not_a_chat' }, opened: own }
  }

  /** Holds a body to its end, within limits; no deadline ends it, or its half would pass for all of it. */
  async function holdRefusal(opened: OpenResponse): Promise<void> {
    disarm()
    const late = deferred<undefined>()
    const ms = Math.min(REFUSAL_BODY_MS, total.leftMs())
    disarm = deadline(clock, ms, () => late.resolve(undefined), { renewed: total.giveBack })
    let size = sizeOf(opened.held)
    while (opened.rest && size < MAX_REFUSAL) {
      const next = opened.rest.next()
      const chunk = await Promise.race([next, late.promise]).catch(() => undefined)
      if (!chunk) return void opened.rest.putBack(next) // Late, or broken off: its reader must see that, too.
      if (chunk.done) opened.rest = null
      else {
        size += chunk.value.length
        opened.held.push(chunk.value)
      }
    }
  }

  /** Holds bytes up to the first output; returns what ended the attempt before that, if anything. */
  async function holdUpToOutput(
    opened: OpenResponse,
    inspection: Inspection,
  ): Promise<Attempted | 'page' | undefined> {
    let heldBytes = 0
    let unfinishedAt: number | undefined
    while (opened.rest) {
      const stage = inspection.stage()
      if (stage === 'page') return stage
      if (stage === 'output' || stage === 'error' || stage === 'over') return undefined
      if (heldBytes >= MAX_HELD) {
        inspection.release()
        return undefined
      }
      expect('first_output', plan.firstOutputMs)
      const next = opened.rest.next()
      let chunk: Chunk | undefined
      try {
        if (stage !== 'unfinished') unfinishedAt = undefined
        else unfinishedAt ??= clock.monotonic()
        chunk = await (unfinishedAt === undefined
          ? next
          : within(clock, unfinishedAt + UNFINISHED_MS - clock.monotonic(), next))
      } catch {
        return failed({ kind: 'cut', clean: false }) // A reset, or our own deadline: `expired` tells which.
      }
      if (!chunk) {
        opened.rest.putBack(next)
        inspection.release()
        return undefined
      }
      if (expired || signal.aborted) return failed({ kind: 'cut', clean: false })
      if (chunk.done) {
        opened.rest = null
        takeWhole(opened, inspection)
      } else {
        total.extend()
        heldBytes += chunk.value.length
        for (const bytes of opened.splice?.take(chunk.value) ?? [chunk.value]) {
          opened.held.push(bytes)
          inspection.feed(bytes)
        }
      }
    }
    return undefined
  }

  /** A body that ends before its first event does may contain no events, and still be complete. */
  function takeWhole(opened: OpenResponse, inspection: Inspection) {
    const { splice, response, held } = opened
    const bytes = join(splice?.unfinished() ?? [])
    if (!splice || bytes.length === 0 || inspection.wire()) return
    const trial = createInspection(response.headers, plan)
    for (const part of [...held, bytes]) trial.feed(part)
    if (splice.isKnown() && !/complete|error/.test(trial.conclude(true))) return
    opened.splice = undefined
    held.push(bytes)
    inspection.feed(bytes)
  }

  /** Judges what is held: the attempt has failed, or the response may be passed on. */
  function judge(opened: OpenResponse & { inspection: Inspection }, isNull: boolean): Attempted {
    const { inspection } = opened
    if (!opened.rest && !isNull) {
      opened.verdict = inspection.conclude(true)
      if (opened.verdict === 'truncated') return failed({ kind: 'cut', clean: true })
    }
    const { error, outputs, ended, final, reason } = inspection.seen
    if (error !== undefined && outputs === 0) {
      const refusal = classifyErrorEvent(error, clock.now())
      return { kind: 'failed', outcome: { kind: 'refused', refusal, inStream: true }, opened }
    }
    const isEmpty = opened.verdict === 'empty' || (outputs === 0 && (ended || final) && !reason)
    if (isEmpty && plan.streams === true && !mayBeAll(opened)) {
      return { kind: 'failed', outcome: { kind: 'empty' }, opened }
    }
    return { kind: 'answered', opened }
  }

  /** True if a response without a word may be meant so: the answer comes elsewhere, or is read on by the client. */
  function mayBeAll({ held, response, inspection }: OpenResponse): boolean {
    const isBlank = held.every((bytes) => skipBlanks(bytes).length === 0)
    if (isBlank) return !plan.mustStream || response.status !== 200
    return !plan.mustStream && inspection?.seen.hasIds === true
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

/** The task's result if it settles in time, otherwise `undefined`. */
async function within<Value>(clock: Clock, ms: number, task: Promise<Value>): Promise<Value | undefined> {
  let disarm = () => {}
  const late = new Promise<undefined>((resolve) => (disarm = clock.timer(ms, () => resolve(undefined))))
  try {
    return await Promise.race([task, late])
  } finally {
    disarm()
  }
}

function decode(chunks: Uint8Array[]): string {
  const decoder = new TextDecoder()
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode()
}
