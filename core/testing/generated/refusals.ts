/** A refusal as a provider's documentation says that it is sent, written here for everybody who has no recordings. */
export interface GeneratedRefusal {
  /** Provider, and what it is about; unique. */
  name: string
  status: number
  headers?: Record<string, string>
  body: unknown
  /** True if a chat's first attempt is tried again within the default budgets. */
  retries: boolean
  /** The wait that it names, ms. */
  waitMs?: number
}

const openai = (code: string | null, message: string, type = 'requests') => ({
  error: { message, type, param: null, code },
})
const anthropic = (type: string, message: string) => ({
  type: 'error',
  error: { type, message },
  request_id: 'req_1',
})
const google = (code: number, status: string, message: string, ...details: object[]) => ({
  error: { code, message, status, details },
})
const retryInfo = (retryDelay: string) => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay,
})
const quota = (quotaId: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaMetric: 'generativelanguage.googleapis.com/generate_requests', quotaId }],
})

/** Now, in the tests that read these: the `Date` of a response that has one. */
const DATE = 'Fri, 15 Jan 2027 08:00:00 GMT'

export const GENERATED_REFUSALS: readonly GeneratedRefusal[] = [
  // OpenAI and those that have its headers.
  {
    name: 'openai, 429 with Retry-After',
    status: 429,
    headers: {
      'retry-after': '7',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '7s',
    },
    body: openai('rate_limit_exceeded', 'Rate limit reached'),
    retries: true,
    waitMs: 7_000,
  },
  {
    name: 'openai, 429 with the reset of the limit that is used up',
    status: 429,
    headers: {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '12s',
      'x-ratelimit-remaining-tokens': '900',
      'x-ratelimit-reset-tokens': '6m0s',
    },
    body: openai('rate_limit_exceeded', 'Rate limit reached'),
    retries: true,
    waitMs: 12_000,
  },
  {
    name: 'openai, 429 that says its time in words only',
    status: 429,
    body: openai(
      'rate_limit_exceeded',
      'Rate limit reached for m on tokens per min (TPM). Please try again in 18.642s.',
      'tokens',
    ),
    retries: true,
    waitMs: 18_642,
  },
  {
    name: 'openai, 429 without any time',
    status: 429,
    body: openai('rate_limit_exceeded', 'Rate limit reached'),
    retries: true,
  },
  {
    name: 'openai, 429 for credit that is spent',
    status: 429,
    body: openai(
      'insufficient_quota',
      'You exceeded your current quota, please check your plan and billing details.',
      'insufficient_quota',
    ),
    retries: false,
  },
  {
    name: 'openai, 429 for a project’s spending limit',
    status: 429,
    body: openai('project_spend_limit_exceeded', 'Project spend limit exceeded', 'insufficient_quota'),
    retries: false,
  },
  {
    name: 'openai, 503 overloaded',
    status: 503,
    body: openai('server_is_overloaded', 'The server is overloaded', 'server_error'),
    retries: true,
  },
  {
    name: 'openai, 500',
    status: 500,
    body: openai(null, 'The server had an error while processing your request', 'server_error'),
    retries: true,
  },
  {
    name: 'openai, 400 for a context that is too long',
    status: 400,
    body: openai(
      'context_length_exceeded',
      'This model’s maximum context length is 128000 tokens',
      'invalid_request_error',
    ),
    retries: false,
  },
  {
    name: 'openai, 401',
    status: 401,
    body: openai('invalid_api_key', 'Incorrect API key provided', 'invalid_request_error'),
    retries: false,
  },
  {
    name: 'openai, 404 for a model that is none',
    status: 404,
    body: openai('model_not_found', 'The model does not exist', 'invalid_request_error'),
    retries: false,
  },
  {
    name: 'openai, 500 that says not to try again',
    status: 500,
    headers: { 'x-should-retry': 'false' },
    body: openai(null, 'No', 'server_error'),
    retries: false,
  },
  {
    name: 'openai, 409 that says to try again',
    status: 409,
    headers: { 'x-should-retry': 'true' },
    body: openai(null, 'Conflict', 'server_error'),
    retries: true,
  },
  {
    name: 'azure-openai, 429 with zero beside a positive value',
    status: 429,
    headers: { 'retry-after': '1', 'retry-after-ms': '0' },
    body: openai('429', 'Requests have exceeded rate limit'),
    retries: true,
    waitMs: 1_000,
  },
  {
    name: 'azure-openai, 429 in ms',
    status: 429,
    headers: { 'retry-after-ms': '5500', 'retry-after': '5' },
    body: openai('429', 'Requests have exceeded rate limit'),
    retries: true,
    waitMs: 5_500,
  },
  // Anthropic.
  {
    name: 'anthropic, 429 with an instant',
    status: 429,
    headers: {
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2027-01-15T08:00:20Z',
    },
    body: anthropic('rate_limit_error', 'This request would exceed your rate limit'),
    retries: true,
    waitMs: 20_000,
  },
  {
    name: 'anthropic, 429 with Retry-After',
    status: 429,
    headers: { 'retry-after': '15' },
    body: anthropic('rate_limit_error', 'This request would exceed your rate limit'),
    retries: true,
    waitMs: 15_000,
  },
  { name: 'anthropic, 529', status: 529, body: anthropic('overloaded_error', 'Overloaded'), retries: true },
  {
    name: 'anthropic, 402',
    status: 402,
    body: anthropic('billing_error', 'Your credit balance is too low'),
    retries: false,
  },
  {
    name: 'anthropic, 429 for a spend limit',
    status: 429,
    body: {
      type: 'error',
      error: {
        type: 'rate_limit_error',
        message: 'You have reached your spend limit',
        details: { error_code: 'enforced_spend_limit_reached' },
      },
    },
    retries: false,
  },
  {
    name: 'anthropic, 400',
    status: 400,
    body: anthropic('invalid_request_error', 'max_tokens: Field required'),
    retries: false,
  },
  {
    name: 'anthropic, 413',
    status: 413,
    body: anthropic('request_too_large', 'Request exceeds the maximum size'),
    retries: false,
  },
  // Google.
  {
    name: 'gemini, 429 with a time in its body',
    status: 429,
    body: google(
      429,
      'RESOURCE_EXHAUSTED',
      'You exceeded your current quota. Please retry in 34.074824224s.',
      quota('GenerateRequestsPerMinutePerProjectPerModel'),
      retryInfo('34s'),
    ),
    retries: true,
    waitMs: 34_075,
  },
  {
    name: 'gemini, 429 for the day',
    status: 429,
    body: google(
      429,
      'RESOURCE_EXHAUSTED',
      'You exceeded your current quota',
      quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier'),
    ),
    retries: false,
  },
  {
    name: 'gemini, 503',
    status: 503,
    body: google(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
    retries: true,
  },
  {
    name: 'gemini, 400',
    status: 400,
    body: google(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.'),
    retries: false,
  },
  {
    name: 'vertex, 429 in a list, without a time',
    status: 429,
    body: [google(429, 'RESOURCE_EXHAUSTED', 'Resource exhausted. Please try again later.')],
    retries: true,
  },
  // Others.
  {
    name: 'openrouter, 429 with its provider’s headers in the body',
    status: 429,
    body: {
      error: {
        code: 429,
        message: 'Rate limit exceeded',
        metadata: {
          headers: {
            'X-RateLimit-Limit': '20',
            'X-RateLimit-Remaining': '0',
            'X-RateLimit-Reset': '1800000030000',
          },
        },
      },
    },
    retries: true,
    waitMs: 30_000,
  },
  {
    name: 'openrouter, 402',
    status: 402,
    body: { error: { code: 402, message: 'Insufficient credits' } },
    retries: false,
  },
  {
    name: 'openrouter, 502',
    status: 502,
    body: { error: { code: 502, message: 'Provider returned error' } },
    retries: true,
  },
  {
    name: 'groq, 429 with Retry-After and words',
    status: 429,
    headers: { 'retry-after': '8' },
    body: openai('rate_limit_exceeded', 'Rate limit reached. Please try again in 7.66s.', 'tokens'),
    retries: true,
    waitMs: 8_000,
  },
  {
    name: 'groq, 498',
    status: 498,
    body: openai('capacity_exceeded', 'Flex tier capacity exceeded', 'server_error'),
    retries: true,
  },
  {
    name: 'cerebras, 429 with fractions of a second',
    status: 429,
    headers: { 'x-ratelimit-remaining-tokens-minute': '0', 'x-ratelimit-reset-tokens-minute': '11.382' },
    body: { message: 'Too many tokens', type: 'too_many_tokens_error' },
    retries: true,
    waitMs: 11_382,
  },
  {
    name: 'mistral, 429',
    status: 429,
    body: {
      object: 'error',
      message: 'Service tier capacity exceeded for this model.',
      type: 'service_tier_capacity_exceeded',
      code: '3505',
    },
    retries: true,
  },
  {
    name: 'deepseek, 402',
    status: 402,
    body: openai('invalid_request_error', 'Insufficient Balance', 'unknown_error'),
    retries: false,
  },
  {
    name: 'xai, 429 for credits that are used',
    status: 429,
    body: {
      code: 'resource-exhausted',
      error: 'Your team has either used all available credits or reached its monthly spending limit.',
    },
    retries: false,
  },
  {
    name: 'near, 429 in a window of a minute',
    status: 429,
    headers: { 'retry-after': '60' },
    body: openai('rate_limit_exceeded', 'Rate limit exceeded'),
    retries: true,
    waitMs: 60_000,
  },
  {
    name: 'near, 429 in its body',
    status: 429,
    body: { error: 'Rate limit exceeded', retry_after_ms: 2_500 },
    retries: true,
    waitMs: 2_500,
  },
  {
    name: 'near, 429 for the rest of the day',
    status: 429,
    body: { error: 'Rate limit exceeded', retry_after_ms: 40_000_000 },
    retries: false,
    waitMs: 40_000_000,
  },
  {
    name: 'huggingface, 503 while a model is loaded',
    status: 503,
    body: { error: 'Model is currently loading', estimated_time: 20 },
    retries: true,
    waitMs: 20_000,
  },
  {
    name: 'bedrock, 429',
    status: 429,
    body: { message: 'Too many requests, please wait before trying again.' },
    retries: true,
  },
  {
    name: 'bedrock, 400 that is a limit',
    status: 400,
    headers: { 'x-amzn-errortype': 'ValidationException' },
    body: { message: 'The provided model identifier is invalid.' },
    retries: false,
  },
  {
    name: 'ietf, 429 with RateLimit',
    status: 429,
    headers: { ratelimit: '"default";r=0;t=30' },
    body: { type: 'https://iana.org/assignments/http-problem-types#quota-exceeded', title: 'Quota exceeded' },
    retries: true,
    waitMs: 30_000,
  },
  {
    name: 'ietf, 429 with the older headers',
    status: 429,
    headers: { 'ratelimit-limit': '10', 'ratelimit-remaining': '0', 'ratelimit-reset': '9' },
    body: '',
    retries: true,
    waitMs: 9_000,
  },
  {
    name: 'any, 503 with an HTTP-date',
    status: 503,
    headers: { 'retry-after': 'Fri, 15 Jan 2027 08:00:25 GMT', date: DATE },
    body: '',
    retries: true,
    waitMs: 25_000,
  },
  {
    name: 'any, 503 with a date in the past',
    status: 503,
    headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT', date: DATE },
    body: '',
    retries: true,
  },
  {
    name: 'any, 429 with a negative time',
    status: 429,
    headers: { 'retry-after': '-5' },
    body: '',
    retries: true,
  },
  {
    name: 'any, 429 beyond the budget',
    status: 429,
    headers: { 'retry-after': '61' },
    body: '',
    retries: false,
    waitMs: 61_000,
  },
  {
    name: 'cloudflare, 522 with a page',
    status: 522,
    headers: { 'content-type': 'text/html' },
    body: '<html><title>522: Connection timed out</title></html>',
    retries: true,
  },
  {
    name: 'nginx, 502 with a page',
    status: 502,
    headers: { 'content-type': 'text/html' },
    body: '<html><h1>502 Bad Gateway</h1></html>',
    retries: true,
  },
]
