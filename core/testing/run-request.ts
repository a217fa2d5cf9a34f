import { parseChatRequest } from '../chat/parse-request.ts'
import type { Ask } from '../chat/read-on.ts'
import { toResponse } from '../chat/reply.ts'
import { createResponseLog } from '../chat/response-log.ts'
import { startRequest, type RunningRequest } from '../chat/run-request.ts'
import type { Random } from '../clock.ts'
import type { ChatRouteOptions, Options } from '../options/options.ts'
import type { Network } from '../network.ts'
import type { RequestStatus, StatusName, NewStatus } from '../messages/status.ts'
import { createLimits, type Limits } from '../retry/limits.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import type { Scripted } from './scripted-upstream.ts'

export interface RequestSettings {
  /** The request's body; a stream of a plain model unless said otherwise. */
  body?: Record<string, unknown>
  path?: string
  /** The request's headers; none unless said otherwise. */
  headers?: Record<string, string>
  options?: Options
  /** Jitter's chance; none unless said otherwise. */
  random?: Random
  /** Shared with other requests; its own unless said otherwise. */
  limits?: Limits
  credential?: string
  heldUntil?: number
  isEventSource?: boolean
  earlyMs?: number
  hidesHeaders?: boolean
  lostAttempts?: number
  isKeyed?: boolean
  clock?: FakeClock
  /** What the server gives again; nothing unless said otherwise. */
  ask?: Ask
  /** The page reads nothing. */
  isFrozen?: boolean
  /** Online unless said otherwise. */
  network?: Network
  origin?: string
}

/** What a page sees of its request. */
export interface Page {
  response?: Response
  /** When the Response was handed over, ms after the start. */
  respondedAt?: number
  /** The chunks read so far, and their text. */
  bytes: Uint8Array[]
  text: string
  error?: unknown
  closed: boolean
  /** Gives the Response up in mid-stream. */
  cancel: () => Promise<void>
}

export interface FakeRequest {
  clock: FakeClock
  /** Epoch ms. */
  startedAt: number
  runningRequest: RunningRequest & { cancel: (reason?: unknown) => void }
  page: Page
  /** When each attempt was sent, ms after the start. */
  sentAt: number[]
  /** Each attempt's signal. */
  signals: AbortSignal[]
  statuses: NewStatus<RequestStatus>[]
  /** Sends and statuses in their order: `1000 send`. */
  timeline: string[]
  finished: () => boolean
}

export const PLAIN_BODY = { model: 'gpt-4o', stream: true, messages: [] }
export const REASONING_BODY = { model: 'o3', stream: true, messages: [] }

/** Starts a request against a scripted upstream, and reads its response as a page does. Nothing moves before `advance`. */
export function runRequest(script: readonly Scripted[], settings: RequestSettings = {}): FakeRequest {
  const { body = PLAIN_BODY, path = '/v1/chat/completions', options = {}, random = () => 0 } = settings
  const { clock = createFakeClock() } = settings
  const { limits = createLimits({ clock, random }) } = settings
  const startedAt = clock.now()
  const timeline: string[] = []
  const sentAt: number[] = []
  const signals: AbortSignal[] = []
  const statuses: NewStatus<RequestStatus>[] = []
  const note = (what: string) => timeline.push(`${clock.now() - startedAt} ${what}`)
  const url = `${settings.origin ?? 'https://api.example'}${path}`
  const stop = new AbortController()
  const cancel = (reason?: unknown) => stop.abort(reason)
  const log = createResponseLog({ clock, leadBytes: 0, keptBytes: 0 })
  const runningRequest = startRequest(
    {
      ...parseChatRequest(
        { url, headers: new Headers(settings.headers), method: settings.isEventSource ? 'GET' : 'POST' },
        JSON.stringify(body),
        { settings: routeOf(options, url), groups: {} },
        options,
      ),
      ...(settings.ask ? { ask: settings.ask } : {}),
      requestId: 'r1',
      credential: settings.credential ?? '',
      isEventSource: settings.isEventSource ?? false,
      ...(settings.heldUntil === undefined ? {} : { heldUntil: settings.heldUntil }),
      ...(settings.lostAttempts === undefined ? {} : { lostAttempts: settings.lostAttempts }),
      ...(settings.isKeyed === undefined ? {} : { isKeyed: settings.isKeyed }),
      send: (signal) => {
        const respond = script[sentAt.length]
        note('send')
        sentAt.push(clock.now() - startedAt)
        signals.push(signal)
        if (!respond) throw new Error(`The script has no answer number ${sentAt.length}`)
        return respond(clock, signal)
      },
      signal: stop.signal,
    },
    {
      clock,
      random,
      writer: log,
      limits,
      ...(settings.network ? { network: settings.network } : {}),
      ...(settings.earlyMs === undefined ? {} : { earlyMs: settings.earlyMs }),
      hidesHeaders: settings.hidesHeaders ?? false,
      emit: (status) => {
        note(status.status)
        statuses.push(status)
      },
    },
  )
  let finished = false
  void runningRequest.finished.then(() => {
    finished = true
  })
  const response = runningRequest.replied.then((reply) => toResponse(reply, log, { givenUp: () => cancel() }))
  const page = read(response, () => clock.now() - startedAt, settings.isFrozen)
  return {
    clock,
    startedAt,
    runningRequest: { ...runningRequest, cancel },
    page,
    sentAt,
    signals,
    statuses,
    timeline,
    finished: () => finished,
  }
}

function routeOf({ chat = [] }: Options, url: string): ChatRouteOptions {
  const [route = { url }] = chat
  return typeof route === 'string' ? { url: route } : route
}

/** The one status of this name. */
export function statusOf<Name extends StatusName>(
  { statuses }: FakeRequest,
  name: Name,
): Extract<NewStatus<RequestStatus>, { status: Name }> {
  const found = statuses.filter(({ status }) => status === name)
  if (found.length !== 1) throw new Error(`Expected one ${name}, got ${found.length}`)
  return found[0] as Extract<NewStatus<RequestStatus>, { status: Name }>
}

function read(response: Promise<Response>, now: () => number, isFrozen = false): Page {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  const page: Page = {
    bytes: [],
    text: '',
    closed: false,
    cancel: async () => reader?.cancel(),
  }
  const decoder = new TextDecoder()
  const readAll = async () => {
    page.response = await response
    page.respondedAt = now()
    if (isFrozen) return
    reader = page.response.body?.getReader()
    try {
      for (;;) {
        const chunk = await reader?.read()
        if (!chunk || chunk.done) break
        page.bytes.push(chunk.value)
        page.text += decoder.decode(chunk.value, { stream: true })
      }
      page.closed = true
    } catch (error) {
      page.error = error
    }
  }
  void readAll()
  return page
}
