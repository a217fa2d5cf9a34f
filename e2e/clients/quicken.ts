import type { AnswerOptions, Pause, Step } from '../../demo/server/step.ts'
import type { Options } from '../../client/index.ts'

/** The demo's faults and our limits, both in a quarter of their time or less; what a provider asks for stays. */
export function quicken(step: Step): Step {
  if (step.kind !== 'answer') return step
  const { pauses = [], headersAfterMs, tokensPerSecond, ...rest } = step
  const faster: AnswerOptions = { ...rest, pauses: pauses.map(quickenPause) }
  if (headersAfterMs !== undefined) faster.headersAfterMs = headersAfterMs / 4
  if (tokensPerSecond !== undefined) faster.tokensPerSecond = tokensPerSecond * 10
  // A test cannot watch it forever.
  if (faster.tokens !== undefined) delete faster.tokens
  return { kind: 'answer', ...faster }
}

function quickenPause({ ms, afterTokens = 0, send = 'nothing', everyMs = 1_000 }: Pause): Pause {
  return { ms: ms === 'forever' ? ms : ms / 4, afterTokens, send, everyMs: everyMs / 4 }
}

/** Proportions are those of the defaults: headers before first output before silence. */
export const QUICK_OPTIONS: Options = {
  timeouts: {
    headersMs: 5_000,
    firstOutputMs: 8_000,
    transportIdleMs: 4_000,
    outputIdleMs: 6_000,
    totalMs: 15_000,
  },
  retry: { baseMs: 100, jitterMs: 20, rateLimitBaseMs: 250, rateLimitMaxMs: 2_500 },
}
