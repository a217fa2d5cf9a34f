import { isMatcher, MATCHER_TAKES } from './matcher.ts'
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

/** Checks one value; `name` is its path in the options, such as `chat[0].timeouts.headersMs`; `beside` has its object. */
type Check = (value: unknown, name: string, beside?: Record<string, unknown>) => void

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
const httpMethod = written("one method, such as 'PUT'", /^[\w-]+$/)
const flag = matching('true or false', (value) => typeof value === 'boolean')
const text = written('a string that is not empty', /[^]/)
const flagOrText = matching(
  "true, false or a header's name",
  (value) => typeof value === 'boolean' || (typeof value === 'string' && /^[\w-]+$/.test(value)),
)
const key = written("'path', ':group', 'query.a' or 'body.a.b'", /^(path|:\w+|query\..+|body(\.[^.]+)+)$/)
const place = written(
  "a path such as '/api/chat/:id/stream', a URL, or 'location'",
  /^(location$|\/(?!\/)|https?:\/\/)/,
)
const path = written("a path such as '/api/streams'", /^(\/[^/\\?#]+)+$/)
const mediaType = written(
  "a media type such as 'application/json' or 'text/*'",
  /^\s*(\*|[\w.+*-]+\/[\w.+*-]+)\s*(;.*)?$/,
)
const matcher = matching(MATCHER_TAKES, isMatcher)
const matchers = either(matcher, list(matcher))

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

const route = { url: text, method: httpMethod }
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
          resume: shape(
            {
              url: needing('key', place, /:id\b/),
              key,
              position: oneOf('replay', 'last-event-id', 'offset'),
            },
            ['url', 'position'],
          ),
          conversation: key,
          journal: oneOf('disk', 'memory', 'server', false),
          afterSavesMs: needing('conversation', ms, /[1-9]/),
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
          refused: matchers,
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
    route: needing('key', named, /./),
    key,
    stopRoute: named,
    streams: path,
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
    const beside = value as Record<string, unknown>
    const path = name && `${name}.`
    for (const field of required) {
      if (beside[field] === undefined) throw new TypeError(`Missing option ${path}${field}`)
    }
    for (const [field, inner] of Object.entries(beside)) {
      const check = Object.hasOwn(fields, field) ? fields[field] : undefined
      if (!check) {
        throw new TypeError(`Unknown option ${path}${field}: there are ${Object.keys(fields).join(', ')}`)
      }
      if (inner !== undefined) check(inner, path + field, beside)
    }
  }
}

/** A value that has no effect without another option, where its text is so. */
function needing(other: string, check: Check, when: RegExp): Check {
  return (value, name, beside) => {
    check(value, name)
    if (when.test(value as string) && beside?.[other] === undefined) {
      throw new TypeError(`Missing option ${other}, which ${name} needs`)
    }
  }
}

function list(item: Check): Check {
  return (value, name) => {
    if (!Array.isArray(value)) throw wrong(name, value, 'an array')
    value.forEach((element, index) => item(element, `${name}[${index}]`))
  }
}

/** A plain value, or (if an object is given) what `other` takes. */
function either(plain: Check, other: Check): Check {
  return (value, name) => (typeof value === 'object' ? other : plain)(value, name)
}

function oneOf(...values: unknown[]): Check {
  return matching(values.map((value) => JSON.stringify(value)).join(' or '), (value) =>
    values.includes(value),
  )
}

function written(takes: string, form: RegExp): Check {
  return matching(takes, (value) => typeof value === 'string' && form.test(value))
}

function matching(takes: string, matches: (value: unknown) => boolean): Check {
  return (value, name) => {
    if (!matches(value)) throw wrong(name, value, takes)
  }
}

function anything(): void {}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value) // Options are JSON, which has no other numbers.
}

function wrong(name: string, value: unknown, takes: string): TypeError {
  const got =
    typeof value === 'string' ? JSON.stringify(value) : Array.isArray(value) ? 'an array' : String(value)
  return new TypeError(`Wrong option ${name || 'options'}: got ${got.slice(0, 80)}, takes ${takes}`)
}
