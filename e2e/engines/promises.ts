/** The tests that say the promises, by what their titles begin with: what `npm test` runs in every engine. */
export const PROMISES: readonly RegExp[] = [
  // Streaming, retries, limits, Stop.
  /retries\.spec\.ts/,
]
