import { expect, test } from 'vitest'
import { countResults } from './count-results.ts'

const VITEST = ' Test Files  12 passed (12)\n      Tests  120 passed (120)\n   Start at  10:00:00\n'
const PLAYWRIGHT = '  ✓  1 [chromium] › e2e/a.spec.ts:3:1 › says 5 failed (1.2s)\n\n  30 passed (1.1m)\n'

test('countResults() sums both reporters', () => {
  expect(countResults(VITEST + PLAYWRIGHT, 0)).toEqual({ passed: 150, failed: 0, skipped: 0 })
})

test('countResults() reads failures, skips and what did not run', () => {
  const vitest = '\u001B[2m      Tests \u001B[22m 1 failed | 118 passed | 2 skipped | 1 todo (122)\n'
  const playwright =
    '  2 failed\n    [chromium] › a.spec.ts:1:1 › b\n  1 flaky\n  3 skipped\n  4 did not run\n  20 passed (9s)\n'
  expect(countResults(vitest, 1)).toEqual({ passed: 118, failed: 1, skipped: 3 })
  expect(countResults(playwright, 1)).toEqual({ passed: 20, failed: 7, skipped: 3 })
})

test('a run that broke off has failed', () => {
  expect(countResults('', 1)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  expect(countResults('', 0)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  expect(countResults(VITEST, 1)).toEqual({ passed: 120, failed: 1, skipped: 0 })
})
