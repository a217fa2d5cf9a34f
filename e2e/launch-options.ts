import type { LaunchOptions } from '@playwright/test'
import { findBrowser } from './find-browser.ts'

/** How tests and measurements start their Chromium: quiet, with no traffic of its own. */
export function launchOptions(): LaunchOptions {
  return {
    executablePath: findBrowser(),
    args: [
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-default-apps',
      '--disable-domain-reliability',
      '--disable-sync',
      '--metrics-recording-only',
      '--no-first-run',
      '--no-pings',
      // Chromium's sandbox refuses root, as which containers run.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  }
}
