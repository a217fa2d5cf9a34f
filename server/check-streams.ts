import {
  callable,
  type Check,
  checkOptions,
  flag,
  matching,
  wholeNumber,
  wrongOption,
} from './check-options.ts'
import type { StreamsOptions } from './create-streams.ts'
import type { StartOptions } from './runs.ts'
import type { StreamStore } from './stores/store.ts'

const STORE_METHODS = ['create', 'write', 'read', 'watch', 'list', 'delete'] as const

const id = matching('a string or a number', isId)

const origin = matching('an origin such as "https://app.example.com"', (value) => {
  if (typeof value !== 'string' || value.includes('*') || !URL.canParse(value)) return false
  // `URL.origin` is 'null' for an app's own scheme, of which browsers send this as well.
  const { protocol, host } = new URL(value)
  return value === `${protocol}//${host}`
})

const origins: Check = (value, name) => {
  if (value === '*') return
  if (!Array.isArray(value)) {
    throw wrongOption(name, value, `'*' or a list of origins such as ["https://app.example.com"]`)
  }
  value.forEach((element, index) => origin(element, `${name}[${index}]`))
}

const OPTIONS: Record<keyof StreamsOptions, Check> = {
  store: matching(`a store such as sqliteStore(path), with ${STORE_METHODS.join(', ')}`, (value) =>
    STORE_METHODS.every((method) => typeof (value as StreamStore | undefined)?.[method] === 'function'),
  ),
  authorize: matching('a function from a Request to a user id', (value) => typeof value === 'function'),
  fetch: callable,
  path: matching(
    "a path that begins with '/', without a pattern or a query",
    (value) => typeof value === 'string' && /^\/[^*?#]*$/.test(value),
  ),
  ttlMs: wholeNumber,
  maxBytes: wholeNumber,
  waitUntil: callable,
  origins,
  ingest: flag,
  onError: callable,
}

const SENT = {
  conversation: id,
  url: matching('an absolute URL', (value) => URL.canParse(value as string)),
  init: matching('an object as fetch takes it', (value) => typeof value === 'object' && value !== null),
}

const MADE = {
  conversation: id,
  respond: matching('a function that returns a Response', (value) => typeof value === 'function'),
}

export function checkStreams(options: StreamsOptions): void {
  checkOptions(options, OPTIONS, ['store', 'authorize'])
}

export function checkStart(options: StartOptions | undefined): void {
  if (options && Object.hasOwn(options, 'respond')) checkOptions(options, MADE, ['respond'])
  else checkOptions(options, SENT, ['url'])
}

export function checkRequest(request: unknown): void {
  if (typeof (request as Request | undefined)?.headers?.get === 'function') return
  throw new TypeError(`Wrong request: got ${String(request)}, takes a Request`)
}

/** Stores take strings; an app's own ids may be numbers. */
export function toId(value: unknown): string {
  if (isId(value)) return String(value)
  throw new TypeError(`Wrong id: got ${String(value)}, takes a string or a number`)
}

/** As text, all objects are the same. */
function isId(value: unknown): value is string | number {
  return typeof value === 'string' || Number.isFinite(value)
}
