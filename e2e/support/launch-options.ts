import type { LaunchOptions } from '@playwright/test'
import { findBrowser } from './find-browser.ts'

/** Browser features that tests do not need. The switch replaces Playwright's own: what that turns off is named again. */
const FEATURES = [
  // The address bar's suggestions: two more pages in each window, which take as long to start as the page under test.
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxPopup',
  // Traffic of the browser's own.
  'AimEnabled',
  'DialMediaRouteProvider',
  'HttpsUpgrades',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'Translate',
  // Protections between a script and a page.
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'GlobalMediaControls',
  'LensOverlay',
  'PaintHolding',
]

/** How tests and measurements start their Chromium: quiet, with no traffic of its own. */
export function launchOptions(): LaunchOptions {
  return {
    executablePath: findBrowser(),
    args: [
      `--disable-features=${FEATURES.join(',')}`,
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
