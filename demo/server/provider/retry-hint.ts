import type { HintForm } from '../step.ts'

/** The headers and body by which a response asks to retry in n ms. */
export interface RetryHint {
  headers: Record<string, string>
  /** Replaces the default body where the hint stands in the body. */
  body?: unknown
}

/** Says a wait in a provider's dialect, counted from `now` (epoch ms). Whole seconds are rounded up. */
export function sayRetryHint(form: HintForm, ms: number, now: number): RetryHint {
  const seconds = Math.ceil(ms / 1000)
  switch (form) {
    case 'retry-after':
      return { headers: { 'Retry-After': String(seconds) } }
    case 'retry-after-date':
      return { headers: { 'Retry-After': new Date(Math.ceil((now + ms) / 1000) * 1000).toUTCString() } }
    case 'retry-after-ms':
      return { headers: { 'Retry-After-Ms': String(ms) } }
    case 'x-ratelimit-reset':
      return {
        headers: {
          'X-RateLimit-Limit-Requests': '60',
          'X-RateLimit-Remaining-Requests': '0',
          'X-RateLimit-Reset-Requests': toGoDuration(ms),
        },
      }
    case 'anthropic-ratelimit-reset':
      return {
        headers: {
          'anthropic-ratelimit-requests-limit': '50',
          'anthropic-ratelimit-requests-remaining': '0',
          'anthropic-ratelimit-requests-reset': new Date(now + ms).toISOString(),
        },
      }
    case 'ratelimit':
      return {
        headers: { RateLimit: `"default";r=0;t=${seconds}`, 'RateLimit-Policy': '"default";q=60;w=60' },
      }
    case 'ratelimit-reset':
      return {
        headers: {
          'RateLimit-Limit': '60',
          'RateLimit-Remaining': '0',
          'RateLimit-Reset': String(seconds),
        },
      }
    case 'body-text':
      return {
        headers: {},
        body: {
          error: {
            message: `Rate limit reached for requests per min (RPM): Limit 60, Used 60, Requested 1. Please try again in ${ms / 1000}s.`,
            type: 'requests',
            param: null,
            code: 'rate_limit_exceeded',
          },
        },
      }
    case 'body-gemini':
      return {
        headers: {},
        body: {
          error: {
            code: 429,
            message: `You exceeded your current quota. Please retry in ${ms / 1000}s.`,
            status: 'RESOURCE_EXHAUSTED',
            details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${ms / 1000}s` }],
          },
        },
      }
    case 'body-near':
      return { headers: {}, body: { error: 'Rate limit exceeded', retry_after_ms: ms } }
  }
}

/** 90 500 ms is `1m30.5s`, 12 ms is `12ms`, as OpenAI says it. */
function toGoDuration(ms: number): string {
  if (ms < 1000) return `${ms}ms`
  const minutes = Math.floor(ms / 60_000)
  const seconds = `${(ms % 60_000) / 1000}s`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}
