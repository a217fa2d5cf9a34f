import { defineConfig, type PlaywrightTestConfig } from '@playwright/test'
import { engine } from './e2e/engines/engine.ts'
import { FIREFOX } from './e2e/engines/firefox.ts'
import { PROMISES } from './e2e/engines/promises.ts'
import { launchOptions } from './e2e/support/launch-options.ts'

const CHROMIUM_ONLY = [
  '**/sync/**',
  '**/adoption/{next,pwa,recipes,static,webpack}.spec.ts',
  '**/clients/every-fault.spec.ts',
]

/** Takes minutes: only `npm run test:engines` has it. */
const WHOLE_PAGE = '**/promises/whole-page.spec.ts'

export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  outputDir: `test-results/${engine}`,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  // Tests mostly wait: two cores are enough for three.
  workers: 3,
  timeout: 40_000,
  globalTimeout: 20 * 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list', { printSteps: false }]],
  ...ofEngine(),
})

/** `ENGINE` says which engine runs the specs: one run has one. */
function ofEngine(): PlaywrightTestConfig {
  switch (engine) {
    case 'chromium':
      return chromium()
    case 'firefox':
      return { use: { ...FIREFOX, serviceWorkers: 'allow' }, projects: [ofOther('firefox')] }
    case 'webkit':
      return { projects: [ofOther('webkit')] }
  }
}

function chromium(): PlaywrightTestConfig {
  const browser = launchOptions()
  // Every worker process reads this file again; the search, and perhaps an install, is done once.
  if (browser.executablePath) process.env.BROWSER_PATH = browser.executablePath
  return {
    use: { browserName: 'chromium', launchOptions: browser, serviceWorkers: 'allow' },
    projects: [
      {
        name: 'chromium',
        testIgnore: [...CHROMIUM_ONLY, ...(process.env.PROMISES_ONLY ? [WHOLE_PAGE] : [])],
      },
      // Installs what apps are made with.
      { name: 'adoption', testMatch: '**/adoption/*.spec.ts', timeout: 300_000 },
      // Fourteen clients meet every fault, which is more than a machine should do beside other tests.
      { name: 'clients', testMatch: '**/clients/*.spec.ts', workers: 1 },
      // Needs a network of its own, and the right to make one.
      { name: 'sync', testMatch: '**/sync/*.spec.ts', timeout: 120_000, fullyParallel: false },
    ],
  }
}

/** `PROMISES_ONLY` leaves all but the tests that say the promises. */
function ofOther(name: string) {
  return {
    name,
    testIgnore: CHROMIUM_ONLY,
    ...(process.env.PROMISES_ONLY ? { grep: [...PROMISES] } : {}),
  }
}
