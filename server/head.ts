import { statusTextOf } from '../core/status-text.ts'
import type { StreamHead } from './stream-info.ts'

/** Response headers that readers need. Others concern only the provider, or belong to one connection. */
const KEPT = [
  'content-type',
  'x-vercel-ai-ui-message-stream',
  'x-vercel-ai-data-stream',
  'request-id',
  'x-request-id',
]

/** Headers that only the caller of the request itself needs. */
const PASSED = ['retry-after', 'retry-after-ms', 'x-should-retry', 'server-timing']

/** The head of a response, as it is kept for its readers. */
export function headOf({ status, headers }: Response): StreamHead {
  return { status, headers: pick(headers, KEPT) }
}

/**
 * A response that is not stored, with those of its headers that are safe to pass on.
 *
 * @param body replaces its own
 */
export function passOn(response: Response, body: BodyInit | null = response.body): Response {
  const { status, headers } = response
  const passed = { ...pick(headers, KEPT), ...passedOn(headers), 'cache-control': 'no-store', ...HARMLESS }
  return new Response(body, { status, statusText: statusTextOf(response), headers: passed })
}

/** The headers of a refusal that its caller needs besides its body. */
export function passedOn(headers: Headers): Record<string, string> {
  return pick(headers, PASSED)
}

/** For somebody else's bytes at an address of the app's own: shown as a page, they must not run as the app. */
export const HARMLESS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
}

/** An error of ours, in the form that SDKs and people read. */
export function problem(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  const body = {
    type: 'about:blank',
    title: message,
    status,
    error: { message, type: 'streamkeeper_error', code },
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...HARMLESS,
      ...headers,
    },
  })
}

function pick(headers: Headers, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of names) {
    const value = headers.get(name)
    if (value !== null) picked[name] = value
  }
  return picked
}
