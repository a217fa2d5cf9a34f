/** `ROOM=core/retry npm run test:mutation` changes that folder's code, and runs that folder's tests alone. */
const room = process.env.ROOM ?? '{core,sw/outbox}'

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'vitest',
  mutate: [`${room}/**/*.ts`, '!**/*.test.ts', '!core/testing/**'],
  ignorePatterns: ['dist', 'test-results', 'bench/results'],
  reporters: ['clear-text', 'html'],
  clearTextReporter: { allowColor: false, reportTests: false },
  htmlReporter: { fileName: 'test-results/mutation.html' },
  tempDirName: '.tsc/stryker',
  // The whole of the tests in one process.
  dryRunTimeoutMinutes: 60,
  // It reads the file with TypeScript's old interface, which version 7 no longer has.
  tsconfigFile: 'none',
}
