import type { ChatResumeOptions, ChatRouteOptions, Options } from '../options/options.ts'
import { type KeyPlaces, readKey } from '../options/read-key.ts'
import type { Matcher } from '../options/matcher.ts'
import type { RouteMatch } from '../options/routes.ts'
import { asksForStream, expectedMediaType } from '../providers/requests.ts'
import { encodeId } from '../providers/wire.ts'
import { DEFAULT_RETRY } from '../options/defaults.ts'
import type { RetryPolicy } from '../retry/policy.ts'
import type { ReadingOn } from './place.ts'
import { isReasoning } from './reasoning.ts'
import { type Timeouts, timeoutsFor } from './timeouts.ts'

/** The facts about a chat request before it is sent: its kind, its timeouts, its limits. */
export interface ParsedChatRequest {
  /** Origin and path. */
  url: string
  model?: string
  reasoning: boolean
  conversation?: string
  /** Its id in the app's own request to resume. */
  resumeId?: string
  /** True if the response streams; `undefined` if unknown. */
  streams: boolean | undefined
  /** True if it asks for a stream and takes nothing else; a path that could be anybody's does not ask. */
  mustStream: boolean
  /** The content type of an early response. */
  contentType: string
  /** The number of choices it asks for. */
  choices: number
  /** How the app's own protocol ends, and reports errors. */
  ends?: Matcher | Matcher[] | undefined
  errors?: Matcher | Matcher[] | undefined
  /** How it can be resumed after a cut. */
  readingOn: ReadingOn
  timeouts: Timeouts
  retry: RetryPolicy
}

/** Parses a request from its URL, headers and body (text; empty if it is not text). */
export function parseChatRequest(
  request: { url: string; headers: Headers; method?: string },
  body: string,
  route: RouteMatch<ChatRouteOptions>,
  options: Options,
): ParsedChatRequest {
  const location = new URL(request.url)
  const { origin, pathname, searchParams } = location
  const parsed = parseJson(body)
  const fields = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>
  const model = typeof fields.model === 'string' ? fields.model : modelInPath(pathname)
  const reasoning = isReasoning(model, fields, options.reasoning)
  const { settings, groups } = route
  const places = { url: location, groups, body: parsed }
  const conversation = settings.conversation && readKey(settings.conversation, places)
  const resumeId = options.resume?.key && readKey(options.resume.key, places)
  const isStream = settings.stream ?? asksForStream(pathname, fields.stream, request.headers)
  return {
    url: origin + pathname,
    ...(model === undefined ? {} : { model }),
    reasoning,
    ...(conversation === undefined ? {} : { conversation }),
    ...(resumeId === undefined ? {} : { resumeId }),
    streams: isStream,
    mustStream:
      isStream === true &&
      ((settings.stream ?? fields.stream) === true ||
        /stream/i.test(pathname) ||
        acceptsOnlyStreams(request.headers)),
    contentType: expectedMediaType(
      pathname,
      isStream,
      searchParams.get('alt') === 'sse',
      model !== undefined,
    ),
    choices: typeof fields.n === 'number' ? fields.n : 1,
    ...(settings.ends === undefined ? {} : { ends: settings.ends }),
    ...(settings.errors === undefined ? {} : { errors: settings.errors }),
    readingOn: {
      url: request.url,
      isBackground: fields.background === true,
      place: settings.resume && placeOf(settings.resume, places),
    },
    timeouts: {
      ...timeoutsFor(
        { reasoning, streams: isStream, isGet: request.method === 'GET' },
        definedOnly(options.timeouts),
      ),
      ...definedOnly(settings.timeouts),
    },
    retry: {
      ...DEFAULT_RETRY,
      ...definedOnly(options.retry),
      ...definedOnly(settings.retry),
      ...(isCallersRetry(request.headers) ? { maxAttempts: 1 } : {}),
    },
  }
}

/** The place where, according to the app, the response can be read again; `undefined` if the request lacks its id. */
function placeOf({ url, key, position }: ChatResumeOptions, places: KeyPlaces): ReadingOn['place'] {
  if (!/:id\b/.test(url)) return { url, position }
  const id = key && readKey(key, places)
  return id ? { url: url.replace(/:id\b/, encodeId(id)), position } : undefined
}

/** Gemini, Bedrock and Azure name the model (or its deployment) in the path. */
function modelInPath(pathname: string): string | undefined {
  const name = /\/(?:models?|deployments)\/([^/:]+)/.exec(pathname)?.[1]
  try {
    return name && decodeURIComponent(name)
  } catch {
    return name // Not percent-encoded after all.
  }
}

/** A client of the Model Context Protocol takes JSON as well, or just a 202. */
function acceptsOnlyStreams(headers: Headers): boolean {
  const accept = headers.get('accept') ?? ''
  return accept.includes('text/event-stream') && !accept.includes('application/json')
}

/** An SDK that retries by itself says so with this header; its retries get no retries of ours. */
function isCallersRetry(headers: Headers): boolean {
  return Number(headers.get('x-stainless-retry-count')) > 0
}

/** An option that is `undefined` counts as absent: it must not remove a default. */
function definedOnly<Values extends object>(values: Values | undefined): Partial<Values> {
  return Object.fromEntries(
    Object.entries(values ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<Values>
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Not JSON: there is nothing to read in it.
  }
}
