import { BODY_MATCHER_TAKES, isBodyMatcher, isMatcher, MATCHER_TAKES } from './matcher.ts'
import type { Options } from './options.ts'

/**
 * Checks options that may come from anywhere and returns them, typed.
 *
 * @throws {TypeError} naming the option, what it got and what it takes.
 */
export function checkOptions(options: unknown): Options {
  optionsShape(options, '')
  return options as Options
}

/** Checks one value; `name` is its path in the options, such as `chat[0].timeouts.headersMs`. */
type Check = (value: unknown, name: string) => void

const ms = matching('a number of milliseconds, 0 or more', (value) => isNumber(value) && value >= 0)
const amount = matching('a number, 0 or more', (value) => isNumber(value) && value >= 0)
const wholeNumber = matching(
  'a whole number, 1 or more',
  (value) => Number.isInteger(value) && (value as number) > 0,
)
const httpStatus = matching(
  'an HTTP status, 200 to 599',
  (value) => Number.isInteger(value) && (value as number) >= 200 && (value as number) < 600,
)
const flag = matching('true or false', (value) => typeof value === 'boolean')
const text = matching('a string that is not empty', (value) => typeof value === 'string' && value !== '')
const flagOrText = matching(
  "true, false or a header's name",
  (value) => typeof value === 'boolean' || (typeof value === 'string' && /^[\w-]+$/.test(value)),
)
const key = matching(
  "'path', ':group', 'query.a' or 'body.a.b'",
  (value) => typeof value === 'string' && /^(path|:\w+|query\..+|body(\.[^.]+)+)$/.test(value),
)
const place = matching(
  "a path such as '/api/chat/:id/stream', a URL, or 'location'",
  (value) => typeof value === 'string' && /^(location$|\/(?!\/)|https?:\/\/)/.test(value),
)
const mediaType = matching(
  "a media type such as 'application/json' or 'text/*'",
  (value) => typeof value === 'string' && /^\s*(\*|[\w.+*-]+\/[\w.+*-]+)\s*(;.*)?$/.test(value),
)
const matchers = oneOrMore(matching(MATCHER_TAKES, isMatcher))

const timeouts = shape({
  headersMs: ms,
  firstOutputMs: ms,
  transportIdleMs: ms,
  outputIdleMs: ms,
  totalMs: ms,
})

const retry = shape({
  maxAttempts: wholeNumber,
  baseMs: ms,
  maxMs: ms,
  jitterMs: ms,
  rateLimitBaseMs: ms,
  rateLimitMaxMs: ms,
  networkBudgetMs: ms,
  rateLimitBudgetMs: ms,
  bucket: either(
    oneOf(false),
    shape({ capacity: amount, refillPerMinute: amount }, ['capacity', 'refillPerMinute']),
  ),
})

const route = { url: text, method: text }
const named = either(text, shape({ ...route, id: key }, ['url']))

const notification = shape({ title: text, body: text }, ['title'])

const optionsShape = shape({
  chat: list(
    either(
      text,
      shape(
        {
          ...route,
          timeouts,
          retry,
          stream: flag,
          ends: matchers,
          errors: matchers,
          resume: shape({ url: place, key, position: oneOf('replay', 'last-event-id', 'offset') }, [
            'url',
            'position',
          ]),
          conversation: key,
          journal: oneOf('disk', 'memory', 'server', false),
          afterSavesMs: ms,
          idempotencyKey: flagOrText,
        },
        ['url'],
      ),
    ),
  ),
  saves: list(
    either(
      text,
      shape(
        {
          ...route,
          orderBy: key,
          respond: either(oneOf('queued', 'sent'), shape({ status: httpStatus, body: anything }, ['status'])),
          respondMs: ms,
          idempotencyKey: flagOrText,
          accept: list(mediaType),
          refused: oneOrMore(matching(BODY_MATCHER_TAKES, isBodyMatcher)),
          duplicateStatus: httpStatus,
          whenUnsure: oneOf('resend', 'hold'),
          afterDead: oneOf('pass', 'hold'),
        },
        ['url'],
      ),
    ),
  ),
  timeouts,
  reasoning: either(oneOf(false), shape({ models: list(text), except: list(text) })),
  retry,
  resume: shape({
    keepMs: ms,
    graceMs: ms,
    onAbort: oneOf('stop', 'detach'),
    route: named,
    key,
    stopRoute: named,
    streams: text,
  }),
  outbox: shape({ maxAgeMs: ms, authorization: oneOf('sealed', 'ask-page') }),
  notifications: shape({ finished: notification, failed: notification }),
  principal: text,
  observeAborts: flag,
  scope: text,
  enabled: flag,
  debug: flag,
})

function shape(fields: Record<string, Check>, required: string[] = []): Check {
  return (value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw wrong(name, value, `an object with ${Object.keys(fields).join(', ')}`)
    }
    const path = name && `${name}.`
    for (const field of required) {
      if (!(field in value)) throw new TypeError(`Missing option ${path}${field}`)
    }
    for (const [field, inner] of Object.entries(value)) {
      const check = Object.hasOwn(fields, field) ? fields[field] : undefined
      if (!check) {
        throw new TypeError(`Unknown option ${path}${field}: there are ${Object.keys(fields).join(', ')}`)
      }
      if (inner !== undefined) check(inner, path + field)
    }
  }
}

function list(item: Check): Check {
  return (value, name) => {
    if (!Array.isArray(value)) throw wrong(name, value, 'an array')
    value.forEach((element, index) => item(element, `${name}[${index}]`))
  }
}

/** A plain value, or (when an object is given) what `other` takes. */
function either(plain: Check, other: Check): Check {
  return (value, name) => (typeof value === 'object' ? other : plain)(value, name)
}

function oneOrMore(item: Check): Check {
  return either(item, list(item))
}

function oneOf(...values: unknown[]): Check {
  return matching(values.map((value) => JSON.stringify(value)).join(' or '), (value) =>
    values.includes(value),
  )
}

function matching(takes: string, matches: (value: unknown) => boolean): Check {
  return (value, name) => {
    if (!matches(value)) throw wrong(name, value, takes)
  }
}

function anything(): void {}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value) // Options are JSON, which knows no other.
}

function wrong(name: string, value: unknown, takes: string): TypeError {
  const got =
    typeof value === 'string' ? JSON.stringify(value) : Array.isArray(value) ? 'an array' : String(value)
  return new TypeError(`Wrong option ${name || 'options'}: got ${got.slice(0, 80)}, takes ${takes}`)
}
