import { defineConfig } from '@playwright/test'
import { launchOptions } from './e2e/launch-options.ts'

const browser = launchOptions()
// Every worker process reads this file again; the search, and perhaps an install, is done once.
if (browser.executablePath) process.env.BROWSER_PATH = browser.executablePath

export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  outputDir: 'test-results',
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  workers: 2,
  timeout: 40_000,
  globalTimeout: 20 * 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list', { printSteps: false }]],
  use: { browserName: 'chromium', launchOptions: browser, serviceWorkers: 'allow' },
  projects: [
    {
      name: 'chromium',
      testIgnore: [
        '**/sync/**',
        '**/adoption/{next,pwa,recipes,static,webpack}.spec.ts',
        '**/clients/every-fault.spec.ts',
      ],
    },
    // Installs what apps are made with.
    { name: 'adoption', testMatch: '**/adoption/*.spec.ts', timeout: 300_000 },
    // Fourteen clients meet every fault, which is more than a machine should do beside other tests.
    { name: 'clients', testMatch: '**/clients/*.spec.ts', workers: 1 },
    // Needs a network of its own, and the right to make one.
    { name: 'sync', testMatch: '**/sync/*.spec.ts', timeout: 120_000, fullyParallel: false },
  ],
})
