/** What the demo's provider is told to do wrong; a real app has none of this. */
export const FAULTS = {
  'good-day': { steps: [] },
  'bad-day': {
    steps: [
      { kind: 'reset' },
      { kind: 'status', status: 429, hint: { form: 'retry-after', ms: 2_000 } },
      { kind: 'status', status: 503 },
    ],
  },
  'rate-limit': {
    steps: [
      { kind: 'status', status: 429, hint: { form: 'retry-after', ms: 3_000 } },
      { kind: 'status', status: 429, hint: { form: 'retry-after', ms: 2_000 } },
    ],
  },
  overloaded: {
    steps: [
      { kind: 'status', status: 529 },
      { kind: 'status', status: 503 },
    ],
  },
  silence: { steps: [{ kind: 'hang' }] },
  pause: { steps: [{ kind: 'answer', pauses: [{ afterTokens: 40, ms: 3_500 }] }] },
  cut: { steps: [{ kind: 'answer', cut: { afterTokens: 40, by: 'end' } }] },
  slow: { steps: [{ kind: 'answer', headersAfterMs: 800, tokensPerSecond: 8, tokens: 200 }] },
}
