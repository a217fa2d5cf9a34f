import { asArray, asText, eventType, get, hasContent, type StreamEvent, type Wire } from './wire.ts'

/** Event types that report a failure. */
const ERROR_TYPES = new Set([
  'error',
  'response.failed',
  'response.error',
  'conversation.response.error',
  'RUN_ERROR',
])

/** Finish reasons that are failures of the provider, not ends of a response. */
const FAILED_REASONS = new Set([
  'error',
  'failed',
  'server_error',
  'network_error',
  'insufficient_system_resource',
  'engine_error',
  'ERROR',
])

/**
 * The one table of error shapes, for JSON bodies, events, choices and lines.
 *
 * @returns the error's detail as it was sent, or `undefined` when the event reports none
 */
export function errorIn(event: StreamEvent): unknown {
  const { text, data } = event
  if (isErrorType(event)) {
    return detail(get(data, 'response', 'error')) ?? detail(get(data, 'error')) ?? data ?? text
  }
  return errorInValue(data)
}

function isErrorType(event: StreamEvent): boolean {
  return ERROR_TYPES.has(eventType(event)) || event.name === 'error'
}

function errorInValue(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return undefined
  // A list in a list is no provider's error, and may be nested as deep as it likes.
  if (Array.isArray(data))
    return data.length === 1 && !Array.isArray(data[0]) ? errorInValue(data[0]) : undefined

  const error = detail(get(data, 'error'))
  if (error !== undefined && !isOutput(data)) return error
  if (get(data, 'object') === 'error') return data
  // MiniMax: a status of its own in every body, 0 when all is well.
  const status = get(data, 'base_resp', 'status_code')
  if (typeof status === 'number' && status !== 0) return get(data, 'base_resp')
  // Cloudflare Workers AI.
  const errors = asArray(get(data, 'errors'))
  if (errors.length > 0 && get(data, 'success') === false) return errors[0]
  // Bedrock: the exception's name is the field.
  const exception = Object.keys(data).find((field) => /^[a-z][A-Za-z]{0,60}Exception$/.test(field))
  const message = exception === undefined ? undefined : get(data, exception, 'message')
  if (typeof message === 'string') return { type: exception, message }
  for (const choice of asArray(get(data, 'choices'))) {
    const ownError = detail(get(choice, 'error'))
    if (ownError !== undefined) return ownError
    const reason = asText(get(choice, 'finishReason'))
    if (FAILED_REASONS.has(reason)) return error ?? { code: reason, message: reason }
  }
  // Cohere.
  if (get(data, 'delta', 'finishReason') === 'ERROR') return get(data, 'delta')
  return undefined
}

/** The detail of an error; numbers, flags and words for "none" do not count. */
function detail(error: unknown): unknown {
  if (typeof error === 'string') return /^(|none|null|ok|false)$/i.test(error.trim()) ? undefined : error
  if (typeof error !== 'object' || error === null) return undefined
  return Object.entries(error).some(([name, value]) => DETAILS.has(name) && hasContent(value))
    ? error
    : undefined
}

/** Fields of an error that say what it is. */
const DETAILS = new Set([
  'message',
  'msg',
  'code',
  'type',
  'status',
  'reason',
  'error',
  'detail',
  'details',
  'name',
  'errors',
])

/** Fields that may stand beside an error without being a response. */
const ENVELOPE =
  /^(error|errors|error_?type|errorText|message|msg|messages|code|type|object|status|status_?code|success|ok|done|name|title|detail|details|reason|param|instance|path|event|((request|trace|user|session|conversation|thread|chat)_?)?id|timestamp|time|created(_at)?|model|provider|metadata|documentation_url|retry.*|reset.*|wait.*|base_resp|choices|result|data|usage|response|.*Exception)$/i

/**
 * True if an error in an event is that of the whole response. An app's own events report errors, too: with anything else
 * beside it, an error is a remark unless the event is one of the protocol's.
 */
export function isOfAll(event: StreamEvent, wire: Wire | undefined): boolean {
  return (
    isOnlyError(event) ||
    (wire !== undefined &&
      (wire.errorIn !== undefined ||
        isErrorType(event) ||
        ((wire.recognises(event) || isOfProvider(event)) && !isOfTool(event))))
  )
}

/** Like `isOfAll`, for a reader that does not know the protocol: the event may be one of its own. */
export function mayBeOfAll(event: StreamEvent): boolean {
  const isProtocols = isErrorType(event) || isOfProvider(event) || hasContent(get(event.data, 'choices'))
  return (isProtocols && !isOfTool(event)) || isOnlyError(event)
}

/** True for an error in a provider's form, whatever is beside it: an app's own events have types of their own. */
function isOfProvider(event: StreamEvent): boolean {
  const { data } = event
  if (get(data, 'object') === 'error' || get(data, 'base_resp') !== undefined) return true
  const hasKind = ['type', 'code'].some((field) => hasContent(get(data, 'error', field)))
  return eventType(event) === '' && hasKind && typeof get(data, 'error', 'message') === 'string'
}

/** A tool that has failed is no failure of the response. */
function isOfTool(event: StreamEvent): boolean {
  return /tool|function|_call/i.test(eventType(event) + asText(get(event.data, 'event')))
}

function isOnlyError(event: StreamEvent): boolean {
  const { data } = event
  if (isOfTool(event)) return false
  if (Array.isArray(data))
    return data.every((each) => !Array.isArray(each) && isOnlyError({ text: '', data: each }))
  if (typeof data !== 'object' || data === null) return true
  return Object.entries(data).every(
    ([name, value]) => !hasContent(value) || (ENVELOPE.test(name) && !isNamedOutput(name, value)),
  )
}

/** `data`, `result` and `response` hold responses as well as errors. */
function isNamedOutput(name: string, value: unknown): boolean {
  if (!/^(data|result|response)$/i.test(name)) return false
  return get(value, 'error') === undefined
}

/** True if a body has a response beside its error: then the error is a remark. */
function isOutput(data: object): boolean {
  return (
    asArray(get(data, 'choices')).some(
      (choice) =>
        hasContent(get(choice, 'delta', 'content')) ||
        hasContent(get(choice, 'message', 'content')) ||
        hasContent(get(choice, 'message', 'tool_calls')) ||
        hasContent(get(choice, 'text')),
    ) ||
    hasContent(asArray(get(data, 'output'))) ||
    hasContent(asArray(get(data, 'content'))) ||
    asArray(get(data, 'candidates')).some((candidate) => hasContent(get(candidate, 'content', 'parts'))) ||
    hasContent(get(data, 'message', 'content')) ||
    hasContent(get(data, 'response'))
  )
}
