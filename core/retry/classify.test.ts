import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOfStatus } from '../messages/failure.ts'
import { DEFAULT_RETRY } from '../options/defaults.ts'
import { decide, NEW_RETRY_STATE } from './decide.ts'
import { growsLinearly } from '../testing/growth.ts'
import { failuresOf, hasCorpus, readCorpus, skipReason } from '../testing/corpus.ts'
import { GENERATED_REFUSALS } from '../testing/generated/refusals.ts'
import { classifyResponse, classifyErrorEvent, type RefusalKind } from './classify.ts'

const NOW = 1_800_000_000_000
const KINDS: RefusalKind[] = ['rate_limited', 'quota_exhausted', 'overloaded', 'server_error', 'client_error']

function kindOf(status: number, headers: Record<string, string> = {}, body: unknown = ''): RefusalKind {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return classifyResponse(status, new Headers(headers), text, NOW).kind
}

describe('classifyAnswer() reads the status', () => {
  test.each<[number, RefusalKind]>([
    [400, 'client_error'],
    [401, 'client_error'],
    [402, 'quota_exhausted'],
    [403, 'client_error'],
    [404, 'client_error'],
    [408, 'server_error'],
    [409, 'client_error'],
    [413, 'client_error'],
    [422, 'client_error'],
    [425, 'server_error'],
    [429, 'rate_limited'],
    [498, 'overloaded'],
    [500, 'server_error'],
    [501, 'client_error'],
    [502, 'server_error'],
    [503, 'overloaded'],
    [504, 'server_error'],
    [505, 'client_error'],
    [520, 'server_error'],
    [524, 'server_error'],
    [529, 'overloaded'],
  ])('%i is %s', (status, kind) => {
    expect(kindOf(status)).toBe(kind)
  })

  test.each([507, 525, 530, 599, 499, 506, 508, 510, 511, 521, 561])(
    'C3 a status that no list has, %i, is a server error',
    (status) => {
      expect(kindOf(status)).toBe('server_error')
    },
  )

  test('agrees with the map from status to failure code', () => {
    for (let status = 400; status < 600; status++) {
      const code = codeOfStatus(status)
      const kind = kindOf(status)
      const isPlain = kind === 'server_error' || kind === 'client_error'
      expect(isPlain ? 'upstream_error' : kind).toBe(code)
    }
  })

  test('C3 in its own words, too: Cloudflare’s 530 with its time, Google’s 499', () => {
    const emitted = JSON.stringify({ error_code: 1033, retryable: true, retry_after: 20 })
    expect(classifyResponse(530, new Headers(), emitted, NOW)).toEqual({
      kind: 'server_error',
      httpStatus: 530,
      retryHintMs: 20_000,
    })
    expect(kindOf(499, {}, [{ error: { code: 499, status: 'CANCELLED' } }])).toBe('server_error')
    expect(kindOf(498, {}, { error: { code: 'capacity_exceeded' } })).toBe('overloaded')
  })

  test.each<unknown>([
    { error: 'invalid_token' },
    { error: { code: 498, message: 'Invalid token.', details: [] } },
    'Token expired/invalid',
  ])('498 %j is a token that has expired, and no overload', (body) => {
    expect(kindOf(498, {}, body)).toBe('client_error')
  })
})

describe('C1 classifyAnswer() knows a spent account that comes as a 429:', () => {
  test.each<[string, unknown]>([
    ['z.ai', { error: { code: '1113', message: 'Insufficient balance. Please recharge.' } }],
    ['z.ai, a number', { error: { code: 1113, message: 'Insufficient balance or no resource package' } }],
    ['Zhipu', { error: { code: '1113', message: '您的账户已欠费,请充值后重试' } }],
    [
      'z.ai, a plan’s window',
      {
        error: {
          code: '1308',
          message: 'Usage limit reached for 5 hour. Your limit will reset at 2027-01-15 08:00:00',
        },
      },
    ],
    ['z.ai, a week', { error: { code: '1310', message: 'Weekly/Monthly Limit Exhausted.' } }],
    ['OpenAI, credit', { error: { code: 'credit_balance_exhausted' } }],
    ['OpenAI, a project', { error: { code: 'project_spend_limit_exceeded' } }],
    ['OpenAI, an organisation', { error: { code: 'organization_usage_limit_exceeded' } }],
    ['OpenAI, a bill', { error: { code: 'billing_hard_limit_reached', message: 'No' } }],
    [
      'Gemini, a day',
      {
        error: {
          code: 429,
          status: 'RESOURCE_EXHAUSTED',
          details: [{ violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }] }],
        },
      },
    ],
    [
      'Moonshot',
      {
        error: {
          message: 'Your account is suspended, please check your plan and billing details',
          type: 'exceeded_current_quota_error',
        },
      },
    ],
    ['MiniMax', { base_resp: { status_code: 2056, status_msg: 'usage limit exceeded' } }],
    [
      'MiniMax, in Chinese',
      { base_resp: { status_code: 2056, status_msg: '已达到用量上限' }, choices: null },
    ],
    [
      'MiniMax, as Anthropic',
      {
        type: 'error',
        error: {
          type: 'rate_limit_error',
          message: 'usage limit exceeded, resets at 2027-01-15T15:00:00Z (2056)',
        },
      },
    ],
    ['MiniMax, a code', { error: { code: 2056, message: 'Token Plan usage limit reached' } }],
    ['MiniMax, no balance', { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }],
    ['DashScope', { code: 'Arrearage', message: 'Access denied, please pay' }],
    ['DashScope, free tier', { error: { code: 'AllocationQuota.FreeTierOnly', message: 'used up' } }],
    ['Ark', { error: { code: 'AccountOverdueError', message: 'The account has an overdue balance.' } }],
    ['one-api', { error: { code: 'insufficient_user_quota', type: 'new_api_error' } }],
    ['SiliconFlow', { code: 30001, message: 'Sorry, your account balance is insufficient' }],
    ['Hugging Face', { error: 'You have exceeded your monthly included credits for Inference Providers.' }],
    [
      'OpenRouter, which quotes its provider',
      {
        error: {
          code: 429,
          message: 'Provider returned error',
          metadata: { raw: '{"error":{"type":"exceeded_current_quota_error"}}' },
        },
      },
    ],
  ])('%s', (_name, body) => {
    expect(kindOf(429, {}, body)).toBe('quota_exhausted')
    expect(classifyErrorEvent(body, NOW).kind).toBe('quota_exhausted')
  })

  test.each<[string, unknown]>([
    [
      'Cloudflare Workers AI, a day',
      { errors: [{ code: 4006, message: 'you have used up your daily free allocation of 10,000 neurons' }] },
    ],
    [
      'Cohere, a trial’s month',
      { message: 'You are using a Trial key, which is limited to 1000 API calls / month.' },
    ],
    ['Cerebras, a day', { message: 'Tokens per day limit exceeded - too many tokens processed.' }],
    ['DashScope, a week', { error: { code: 'Throttling', message: 'week allocated quota exceeded.' } }],
    [
      'the AI SDK’s chat template, a day',
      {
        code: 'rate_limit:chat',
        message: 'You have exceeded your maximum number of messages for the day. Please try again later.',
      },
    ],
    ['an app’s own day', { error: 'You have reached your daily limit of 20 messages' }],
    ['an app’s own month', 'Monthly message limit reached'],
    ['an app’s own week', { error: { message: 'Only 50 questions per week are free.' } }],
    ['a month that is spent', { detail: 'You have used all of your requests this month.' }],
    ['a day that is spent', { message: 'No messages left for today' }],
    ['a day that is used up', { message: 'You have used 10 messages for today.' }],
    ['a day without its name', { message: 'Limit reached: 10 messages every 24 hours' }],
    ['the day after', { message: 'You have reached your limit. Please come back tomorrow.' }],
    ['a code', { error: { code: 'DAILY_LIMIT_EXCEEDED' } }],
    ['Google’s older reason', { error: { errors: [{ reason: 'dailyLimitExceeded' }] } }],
  ])('a limit for a day or longer: %s', (_name, body) => {
    expect(kindOf(429, {}, body)).toBe('quota_exhausted')
  })

  test.each<[string, unknown]>([
    [
      'Cohere, a trial’s minute',
      { message: 'You are using a Trial key, which is limited to 10 API calls / minute.' },
    ],
    ['Cerebras, a minute', { message: 'Tokens per minute limit exceeded - too many tokens processed.' }],
    [
      'Groq, a day whose oldest hour comes back',
      {
        error: {
          message: 'Rate limit reached on tokens per day (TPD): Limit 100000. Please try again in 7m.',
        },
      },
    ],
    ['a minute beside a day', { message: 'Free: 20 requests per minute, 1000 requests per day. Slow down.' }],
    ['hours beside a day', { message: '10 messages every 3 hours, 50 messages a day' }],
    ['a second beside a day', { message: '5 messages/sec or 100 messages per day, whichever comes first' }],
    ['a link to a page on it', { message: 'Slow down', docs: 'https://a.example/daily-limits' }],
    ['words on a day that is no limit', { message: 'Rate limit exceeded, upgrade today' }],
    ['a day that names its time', { message: 'Daily limit reached', retry_after: 30 }],
  ])('a limit that passes: %s', (_name, body) => {
    expect(kindOf(429, {}, body)).toBe('rate_limited')
  })

  test('a day’s words are no limit where none is met', () => {
    expect(kindOf(503, {}, { message: 'Daily limit service down' })).toBe('overloaded')
    expect(kindOf(500, {}, { message: 'Cannot read the daily limit' })).toBe('server_error')
  })

  test('a limit of a day names no other time by its header', () => {
    const body = { message: 'Daily limit reached' }
    expect(kindOf(429, { 'retry-after': '20' }, body)).toBe('rate_limited')
  })

  test.each<[string, unknown]>([
    ['another’s number', { error: { code: 1113, message: 'Too many requests' } }],
    ['MiniMax’s number without its words', { error: { code: 2056, message: 'slow down' } }],
    ['MiniMax’s rate limit', { base_resp: { status_code: 1002, status_msg: 'rate limit' } }],
    ['z.ai’s rate limit', { error: { code: '1302', message: 'Rate limit reached for requests' } }],
    ['Gemini’s minute', { error: { message: 'You exceeded your current quota, please check your plan' } }],
    ['a proxy’s problem', { type: 'https://iana.org/assignments/http-problem-types#quota-exceeded' }],
    ['DashScope’s tokens', { code: 'Throttling.AllocationQuota', message: 'Allocated quota exceeded' }],
    ['a subscription’s window', { error: { type: 'usage_limit_reached', resets_in_seconds: 30 } }],
  ])('but not %s', (_name, body) => {
    expect(kindOf(429, {}, body)).toBe('rate_limited')
  })

  test('under other statuses, too', () => {
    const anthropic = {
      error: { type: 'invalid_request_error', message: 'Your credit balance is too low to go on' },
    }
    expect(kindOf(400, {}, anthropic)).toBe('quota_exhausted')
    expect(kindOf(500, {}, { error: { message: 'insufficient balance (1008)' } })).toBe('quota_exhausted')
    expect(kindOf(400, {}, { error: { message: 'Insufficient credit' } })).toBe('quota_exhausted')
  })
})

describe('classifyAnswer() reads the error body', () => {
  test.each<[number, unknown, RefusalKind]>([
    [429, { error: { type: 'insufficient_quota', code: 'insufficient_quota' } }, 'quota_exhausted'],
    [429, { error: { code: 'rate_limit_exceeded', type: 'tokens' } }, 'rate_limited'],
    [429, { type: 'error', error: { type: 'overloaded_error' } }, 'overloaded'],
    [403, { error: { type: 'billing_error' } }, 'quota_exhausted'],
    [500, { error: { code: 'server_is_overloaded' } }, 'overloaded'],
    [503, { error: { code: 'slow_down' } }, 'rate_limited'],
    [500, { error: { type: 'rate_limit_error' } }, 'rate_limited'],
    [400, { error: { type: 'overloaded_error' } }, 'client_error'],
    [429, { error: { message: 'insufficient_quota' } }, 'rate_limited'],
    [429, 'insufficient_quota', 'rate_limited'],
    [429, '{"error":{"code":"insufficient_qu', 'rate_limited'],
    [429, 'null', 'rate_limited'],
    [429, { code: 'insufficient_quota' }, 'quota_exhausted'],
    // DeepSeek sends blank lines until its JSON is there.
    [429, '\n\n{"error":{"code":"insufficient_quota"}}', 'quota_exhausted'],
    // What a documentation's address has in it is no name of the error.
    [500, { type: 'https://example.com/docs/throttling#internal' }, 'server_error'],
    [502, { error: { message: 'Upstream: request too large for its buffer' } }, 'server_error'],
  ])('%i %j is %s', (status, body, kind) => {
    expect(kindOf(status, {}, body)).toBe(kind)
  })
})

describe('classifyAnswer() reads the headers', () => {
  test.each<[number, Record<string, string>, RefusalKind]>([
    [500, { 'x-should-retry': 'false' }, 'server_error'],
    [429, { 'x-should-retry': 'false' }, 'rate_limited'],
    [409, { 'x-should-retry': 'true' }, 'server_error'],
    [409, { 'x-should-retry': 'maybe' }, 'client_error'],
    [503, { 'retry-after': '5' }, 'overloaded'],
    [503, { 'retry-after': '0' }, 'overloaded'],
    [500, { 'retry-after': '5' }, 'server_error'],
    // OpenRouter: requests under way have reserved the last credit, and give back what they do not need.
    [402, { 'retry-after': '5' }, 'rate_limited'],
  ])('%i %j is %s', (status, headers, kind) => {
    expect(kindOf(status, headers)).toBe(kind)
  })

  test('a refusal that must not be repeated keeps its kind, and its time', () => {
    const headers = new Headers({ 'x-should-retry': 'false', 'retry-after': '90' })
    expect(classifyResponse(429, headers, '{"code":"rate_limited"}', NOW)).toEqual({
      kind: 'rate_limited',
      httpStatus: 429,
      retryHintMs: 90_000,
      isFinal: true,
    })
  })

  test('keeps the hint and the status', () => {
    expect(classifyResponse(429, new Headers({ 'retry-after': '7' }), '', NOW)).toEqual({
      kind: 'rate_limited',
      httpStatus: 429,
      retryHintMs: 7_000,
    })
    expect(classifyResponse(404, new Headers(), '', NOW)).toEqual({ kind: 'client_error', httpStatus: 404 })
    // Only a limit means every reset that it tells of.
    expect(classifyResponse(503, new Headers({ 'x-ratelimit-reset': '7' }), '', NOW)).toEqual({
      kind: 'overloaded',
      httpStatus: 503,
    })
  })
})

describe('classifyErrorEvent() reads an error inside a 200', () => {
  test.each<[unknown, number, RefusalKind]>([
    [{ message: 'boom' }, 500, 'server_error'],
    [{ code: 400, message: 'bad' }, 400, 'client_error'],
    [{ code: 429, message: 'slow' }, 429, 'rate_limited'],
    [{ code: '429', message: 'slow' }, 429, 'rate_limited'],
    [{ status: 503 }, 503, 'overloaded'],
    [{ code: 'rate_limit_exceeded' }, 500, 'rate_limited'],
    [{ type: 'overloaded_error' }, 500, 'overloaded'],
    [{ type: 'insufficient_quota', code: 200 }, 500, 'quota_exhausted'],
    ['boom', 500, 'server_error'],
    [true, 500, 'server_error'],
    [null, 500, 'server_error'],
    [undefined, 500, 'server_error'],
  ])('%j is a %i, %s', (error, httpStatus, kind) => {
    expect(classifyErrorEvent(error, NOW)).toEqual({ kind, httpStatus })
  })

  test.each([
    'context_length_exceeded',
    'invalid_request_error',
    'authentication_error',
    'model_not_found',
    'not_found_error',
    'permission_error',
    'permission_denied',
    'unauthorized',
    'invalid_api_key',
    'invalid_prompt',
    'invalid_image_url',
    'image_content_policy_violation',
    'content_filter',
    'request_too_large',
    'string_too_long',
    'unsupported_value',
    'INVALID_ARGUMENT',
    'FAILED_PRECONDITION',
    'PERMISSION_DENIED',
    'UNAUTHENTICATED',
    'invalid-argument',
    'TOO_MANY_TOKENS',
    'too_many_input_tokens',
    'BadRequestError',
    'ContextWindowExceededError',
    'ValidationException',
    'AccessDeniedException',
    'com.amazonaws.bedrock#ResourceNotFoundException',
    'https://example.com/errors/invalid-prompt',
    'DataInspectionFailed',
    'unknown_model',
    'image_parse_error',
    'ERR_BAD_REQUEST',
  ])("C2 the request's own fault, %s, is final in every shape", (name) => {
    const shapes: unknown[] = [
      { code: name, message: 'No' },
      { type: name, message: 'No' },
      { type: 'error', error: { type: name, message: 'No' } },
      { type: 'error', code: name, message: 'No', param: null },
      { error: { code: null, type: 'api_error', status: name } },
      { error: name, message: 'No' },
      { error_type: name, message: 'No' },
      { errorCode: name, message: 'No' },
      { __type: name, message: 'No' },
      { response: { status: 'failed', error: { code: name, message: 'No' } } },
      { choices: [{ finish_reason: 'error', error: { code: name } }] },
      [{ error: { code: 500, status: name } }],
      { type: 'error', errorText: JSON.stringify({ error: { type: name } }) },
      JSON.stringify({ error: { type: name } }),
    ]
    for (const shape of shapes) expect(classifyErrorEvent(shape, NOW).kind).toBe('client_error')
  })

  test.each<[unknown, number, RefusalKind]>([
    [{ status: '429', message: 'slow' }, 429, 'rate_limited'],
    [{ status_code: 503, message: 'No' }, 503, 'overloaded'],
    [{ statusCode: '400', message: 'No' }, 400, 'client_error'],
    [{ http_status: 401 }, 401, 'client_error'],
    [{ httpStatus: 401 }, 401, 'client_error'],
    [{ errorCode: '429' }, 429, 'rate_limited'],
    [{ code: 408, type: 'invalid_request_error' }, 408, 'server_error'],
    [{ http_code: '529' }, 529, 'overloaded'],
    [{ status: '503 Service Unavailable' }, 503, 'overloaded'],
    [{ error: { code: 404 } }, 404, 'client_error'],
    [{ status: 200, error: { statusCode: 402 } }, 402, 'quota_exhausted'],
    [{ code: 429, metadata: { raw: '{"error":{"code":400}}' } }, 429, 'rate_limited'],
    [{ code: '400001' }, 500, 'server_error'],
    [{ code: 10_404 }, 500, 'server_error'],
    [{ error_subcode: 404 }, 500, 'server_error'],
    [{ status_count: 404 }, 500, 'server_error'],
    [{ position: 404 }, 500, 'server_error'],
    [{ code: 429.5 }, 500, 'server_error'],
    [{ code: 1e300, status: 'boom' }, 500, 'server_error'],
  ])('C2 %j says its status, %i: %s', (error, httpStatus, kind) => {
    expect(classifyErrorEvent(error, NOW)).toEqual({ kind, httpStatus })
  })

  test.each<[string, unknown, RefusalKind]>([
    ['MiniMax, a rate limit', { base_resp: { status_code: 1002, status_msg: 'rate limit' } }, 'rate_limited'],
    ['MiniMax, its bare record', { status_code: 1039, status_msg: 'token limit' }, 'rate_limited'],
    ['MiniMax, a bad key', { base_resp: { status_code: 1004, status_msg: 'no' } }, 'client_error'],
    ['MiniMax, a fault', { base_resp: { status_code: 1033, status_msg: 'no' } }, 'server_error'],
    ['MiniMax, its words first', { base_resp: { status_msg: 'no', status_code: 1002 } }, 'rate_limited'],
    ['MiniMax, its words alone', { base_resp: { status_msg: 'no' } }, 'server_error'],
    ['another’s number', { status_code: 1004, message: 'No' }, 'server_error'],
    ['Google', { status: 'RESOURCE_EXHAUSTED' }, 'rate_limited'],
    ['Google, down', { status: 'UNAVAILABLE' }, 'server_error'],
    ['Google, broken', { status: 'INTERNAL' }, 'server_error'],
    ['AWS', { throttlingException: { message: 'Too many requests' } }, 'rate_limited'],
    ['AWS, a field', { validationException: { message: 'No' } }, 'client_error'],
    ['AWS, broken', { internalServerException: { message: 'No' } }, 'server_error'],
    ['AWS, late', { __type: 'ModelTimeoutException' }, 'server_error'],
    ['Moonshot', { type: 'engine_overloaded_error' }, 'overloaded'],
    ['Azure', { code: 'RateLimitReached' }, 'rate_limited'],
    [
      'a limit with an old type',
      { code: 'rate_limit_exceeded', type: 'invalid_request_error' },
      'rate_limited',
    ],
    [
      'too much at once',
      { code: 'rate_limit_exceeded', message: 'Request too large for gpt-4o' },
      'client_error',
    ],
    ['words alone', { errorText: 'This model’s maximum context length is 8192 tokens' }, 'client_error'],
    ['Ollama', { error: "model 'x' not found" }, 'client_error'],
    ['a model without its name', { error: 'Model not found' }, 'client_error'],
    ['OpenAI', { type: 'server_error', code: 'server_error' }, 'server_error'],
    ['a name that fails to resolve', { code: 'ENOTFOUND', message: 'getaddrinfo' }, 'server_error'],
    ['an upstream’s bad answer', { type: 'invalid_response_error' }, 'server_error'],
    ['an upstream’s bad answer, otherwise', { type: 'upstream_response_invalid' }, 'server_error'],
    ['a model whose name sounds so', { message: 'No', model_name: 'omni-moderation-latest' }, 'server_error'],
    [
      'a page that explains errors',
      { message: 'No', error_docs: 'https://example.com/#authentication' },
      'server_error',
    ],
    ['a limit that is only told', { message: 'No', rate_limit: { remaining: 12 } }, 'server_error'],
    [
      'what the request said',
      { message: 'No', input: [{ type: 'invalid_request_error', code: 400 }] },
      'server_error',
    ],
  ])('C2 %s', (_name, error, kind) => {
    expect(classifyErrorEvent(error, NOW).kind).toBe(kind)
  })

  test.each<[number, string, RefusalKind]>([
    [1002, 'a rate limit', 'rate_limited'],
    [1039, 'a limit of tokens', 'rate_limited'],
    [1008, 'no balance', 'quota_exhausted'],
    [2056, 'a plan that is used up', 'quota_exhausted'],
    [1004, 'a key that is missing', 'client_error'],
    [1026, 'a prompt that is not allowed', 'client_error'],
    [1027, 'an output that is not allowed', 'client_error'],
    [1042, 'a prompt of odd characters', 'client_error'],
    [2013, 'a parameter that is none', 'client_error'],
    [2049, 'a key that is none', 'client_error'],
  ])('C2 MiniMax’s %i, %s, in any language', (code, _name, kind) => {
    expect(classifyErrorEvent({ base_resp: { status_code: code, status_msg: '…' } }, NOW).kind).toBe(kind)
  })

  test('with the time that it names', () => {
    const error = {
      type: 'usage_limit_reached',
      message: 'The usage limit has been reached',
      resets_in_seconds: 30,
    }
    expect(classifyErrorEvent(error, NOW)).toEqual({
      kind: 'rate_limited',
      httpStatus: 500,
      retryHintMs: 30_000,
    })
    // A limit has no 429 here, and means every reset that it tells of all the same.
    const quoting = { code: 'rate_limit_exceeded', headers: { 'x-ratelimit-reset-requests': '42s' } }
    expect(classifyErrorEvent(quoting, NOW)).toMatchObject({ retryHintMs: 42_000 })
  })
})

describe('R13 an error whose fields are of another kind than expected', () => {
  const FIELDS = [
    'code',
    'type',
    'status',
    'message',
    'error',
    'details',
    'base_resp',
    'status_code',
    'retry_after',
  ]

  test.each([
    '{"error":{"code":{"toString":0}}}',
    '{"code":{"toString":0,"valueOf":null}}',
    '{"error":{"status":[[{"toString":{}}]],"type":[null,true]}}',
    '{"base_resp":{"status_code":"constructor","status_msg":{}},"retry_after":{"toString":1}}',
    '{"status_msg":"x","status_code":"__proto__"}',
  ])('%s is a server error', (text) => {
    expect(classifyErrorEvent(JSON.parse(text), NOW)).toEqual({ kind: 'server_error', httpStatus: 500 })
    expect(classifyResponse(500, new Headers(), text, NOW).kind).toBe('server_error')
  })

  test('is taken without harm, whatever it is', () => {
    const odd = fc.jsonValue({ maxDepth: 3 }).map((value) => value as unknown)
    const hostile = fc.constantFrom<unknown>(
      { toString: 0 },
      { valueOf: 0, toString: null },
      { length: -1 },
      [[[]]],
      NaN,
    )
    const error = fc.dictionary(
      fc.constantFrom(...FIELDS, 'toString', 'valueOf'),
      fc.oneof(odd, hostile, fc.anything()),
    )
    fc.assert(
      fc.property(fc.oneof(error, fc.anything()), fc.integer({ min: 400, max: 599 }), (value, status) => {
        for (const provided of [value, { error: value }, [{ error: value }]]) {
          const { kind, retryHintMs = 1 } = classifyErrorEvent(provided, NOW)
          expect(KINDS).toContain(kind)
          expect(retryHintMs > 0 && Number.isFinite(retryHintMs)).toBe(true)
        }
        const text = fc.stringify(value)
        expect(KINDS).toContain(classifyResponse(status, new Headers(), text, NOW).kind)
      }),
    )
  })
})

describe('R6 reading a refusal is linear in its bytes', () => {
  const TOKENS = [
    ' ',
    '\n',
    '\t',
    '9',
    '0',
    '.',
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\\',
    '{"a":',
    'wait ',
    'try again in 9',
    '5s ',
    // What dates, and the names of fields and errors are made of.
    'jan ',
    '(',
    'limit',
    'retry',
    'reset-',
    'x#',
  ]

  /** As the text of a refusal, as one in its error, after words that a time follows, in fields, as a field's name. */
  const READERS: ((text: string) => void)[] = [
    (text) => classifyResponse(429, new Headers(), text, NOW),
    (text) => classifyResponse(503, new Headers(), `{"error":{"message":${text}`, NOW),
    (text) =>
      classifyResponse(429, new Headers(), JSON.stringify({ error: `Please try again in ${text}` }), NOW),
    (text) =>
      classifyErrorEvent({ code: text, status: text, retryDelay: text, 'x-ratelimit-reset': text }, NOW),
    (text) => classifyErrorEvent({ [text]: text }, NOW),
  ]

  function expectLinear(unit: string): void {
    const text = unit.repeat(Math.ceil(65_536 / unit.length))
    for (const read of READERS) {
      for (const long of [text, text + text]) {
        expect(growsLinearly(read, long)).toBe(true)
      }
    }
  }

  test.each(TOKENS)('a refusal of %j alone is read in linear time', (unit) => {
    expectLinear(unit)
  })

  test('a refusal of any mixture is read in linear time', () => {
    const unit = fc
      .array(fc.constantFrom(...TOKENS), { minLength: 2, maxLength: 12 })
      .map((parts) => parts.join(''))
    fc.assert(fc.property(unit, expectLinear), { numRuns: 15 })
  })

  test.each([
    ['deep', (size: number) => '['.repeat(size) + ']'.repeat(size)],
    ['deep inside of an error', (size: number) => `{"error":${'['.repeat(size)}${']'.repeat(size)}}`],
    ['wide', (size: number) => `[${Array(size).fill(1).join(',')}]`],
    [
      'wide with the names of headers',
      (size: number) =>
        JSON.stringify(
          Object.fromEntries(Array.from({ length: size / 8 }, (_, n) => [`x-ratelimit-${n}`, 1])),
        ),
    ],
  ])('of JSON that is %s', (_name, json) => {
    const read = (sizes: string) => classifyResponse(429, new Headers(), json(sizes.length), NOW)
    expect(growsLinearly(read, ' '.repeat(40_000))).toBe(true)
  })
})

/** True if a first attempt that got this is tried again, and after what wait. */
function decideOn(status: number, headers: Record<string, string>, body: string) {
  const refusal = classifyResponse(status, new Headers(headers), body, NOW)
  const decision = decide(
    { kind: 'refused', refusal, inStream: false },
    { ...NEW_RETRY_STATE, attempts: 1 },
    DEFAULT_RETRY,
    {
      now: NOW,
      random: () => 0,
      totalAt: NOW + 300_000,
      reasoning: false,
      isOffline: false,
      tokenInMs: 0,
    },
  )
  return { retryHintMs: refusal.retryHintMs, decision }
}

test.each(GENERATED_REFUSALS)(
  '$name: tried again: $retries',
  ({ status, headers = {}, body, retries, waitMs }) => {
    const { retryHintMs, decision } = decideOn(
      status,
      headers,
      typeof body === 'string' ? body : JSON.stringify(body),
    )
    expect(decision.action).toBe(retries ? 'retry' : 'give_up')
    expect(retryHintMs).toBe(waitMs)
    if (decision.action === 'retry') expect(decision.afterMs).toBeGreaterThanOrEqual(waitMs ?? 0)
  },
)

interface RecordedError {
  id: string
  provider: string
  status: number
  headers: Record<string, string>
  body: string
  retryable_expected: boolean
}

test.skipIf(!hasCorpus)(
  `every recorded refusal is tried again or not as its list expects, but for those that we list${skipReason}`,
  async () => {
    const { errors } = readCorpus<{ errors: RecordedError[] }>('errors/error-responses.json', { errors: [] })
    expect(errors.length).toBeGreaterThan(150)
    const failures = await failuresOf(
      errors,
      ({ id }) => id,
      ({ id, status, headers, body, retryable_expected }) => {
        const { retryHintMs, decision } = decideOn(status, headers, body)
        expect(decision.action).toBe((OTHERWISE[id] ?? retryable_expected) ? 'retry' : 'give_up')
        if (decision.action === 'retry') expect(decision.afterMs).toBeGreaterThanOrEqual(retryHintMs ?? 0)
      },
    )
    expect(failures).toEqual([])
  },
)

/** Where we disagree with the list's expectation. */
const OTHERWISE: Record<string, boolean> = {
  // "Request too large": one request above the whole limit, which no wait makes smaller.
  'openai-429-4': false,
}

test.each([
  'Too many requests in a short time. (Daily limit: 50, used 12.)',
  'You are sending messages too quickly. You have 40 messages left today.',
  'Concurrent request limit reached. Your daily quota is not affected.',
  'Rate limit exceeded: 10 RPM. Your plan: 10 RPM, 500 requests per day.',
  'Rate limit exceeded: 3 requests in 60s. Daily limit remaining: 97',
  'Too many requests, please try again in a few seconds. Free tier: 50 messages per day.',
])('a limit of the moment is one, though a day’s is named beside it: %s', (message) => {
  expect(kindOf(429, {}, { error: { message } })).toBe('rate_limited')
})
