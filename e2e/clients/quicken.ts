import type { AnswerOptions, Step } from '../../demo/server/step.ts'
import type { Options } from '../../client/index.ts'

/** The demo's faults and our limits, both in a quarter of their time or less; what a provider asks for stays. */
export function quicken(step: Step): Step {
  if (step.kind !== 'answer') return step
  const { pauses, headersAfterMs, tokensPerSecond, tokens, ...rest } = step
  const faster: AnswerOptions = {
    ...rest,
    ...(headersAfterMs === undefined ? {} : { headersAfterMs: headersAfterMs / 4 }),
    ...(pauses && {
      pauses: pauses.map((pause) => ({
        ...pause,
        ms: pause.ms === 'forever' ? pause.ms : pause.ms / 4,
        everyMs: (pause.everyMs ?? 1_000) / 4,
      })),
    }),
    ...(tokensPerSecond === undefined ? {} : { tokensPerSecond: tokensPerSecond * 10 }),
  }
  return { kind: 'answer', ...faster }
}

/** Proportions are those of the defaults: headers before first output before silence. */
export const QUICK_OPTIONS: Options = {
  timeouts: { headersMs: 5_000, firstOutputMs: 8_000, transportIdleMs: 4_000, outputIdleMs: 6_000 },
  retry: { baseMs: 100, jitterMs: 20, rateLimitBaseMs: 250, rateLimitMaxMs: 2_500 },
}
