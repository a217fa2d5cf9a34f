import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFakeClock } from './testing/fake-clock.ts'
import { runRequest } from './testing/run-request.ts'
import { responses, streams } from './testing/scripted-upstream.ts'
import { sleep, throwIfAborted } from './clock.ts'

// The oldest browser that has URLPattern, Chromium 95, lacks these.
const LATER = [
  [AbortSignal.prototype, 'throwIfAborted'],
  [AbortSignal, 'timeout'],
  [AbortSignal, 'any'],
  [Response, 'json'],
  [globalThis, 'structuredClone'],
  [Promise, 'withResolvers'],
  [Array.prototype, 'findLast'],
  [Array.prototype, 'toSorted'],
  [Object, 'groupBy'],
] as const

const removed = LATER.map(
  ([owner, name]) => [owner, name, Object.getOwnPropertyDescriptor(owner, name)] as const,
)

beforeEach(() => {
  for (const [owner, name] of removed) Reflect.deleteProperty(owner, name)
})
afterEach(() => {
  for (const [owner, name, descriptor] of removed)
    if (descriptor) Object.defineProperty(owner, name, descriptor)
})

test('a chat is retried and streamed in the oldest browser that is supported', async () => {
  const run = runRequest([
    responses(503),
    streams([
      [0, 'data: {"choices":[{"delta":{"content":"Hello"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'],
    ]),
  ])
  await run.clock.advance(60_000)
  expect([run.sentAt.length, run.page.closed]).toEqual([2, true])
})

test('an abort without a reason, as there, is an AbortError', async () => {
  const signal = { aborted: true, reason: undefined } as AbortSignal
  expect(() => throwIfAborted(signal)).toThrow(expect.objectContaining({ name: 'AbortError' }))
  await expect(sleep(createFakeClock(), 1_000, signal)).rejects.toMatchObject({ name: 'AbortError' })
})
