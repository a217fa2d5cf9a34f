import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '../engines/engine.ts'
import { hasEngine, findFirefox as findFirefoxCommand } from '../engines/find-engine.ts'
import { BROWSER, webKitEnvironment } from '../engines/webkit/environment.ts'
import { launchOptions } from '../support/launch-options.ts'

export type BrowserName = Engine

/** How a browser is started, with nobody attached to it: a driver would switch off its workers' time-outs. */
export interface Browser {
  name: BrowserName
  command: string
  /** Readies an empty profile, and gives the arguments that open `url` in it, and what the environment is to have. */
  prepare: (profile: string, url: string) => Promise<{ args: string[]; env?: Record<string, string> }>
}

/** @throws {Error} that says what to do, when there is none and none can be installed. */
export function findChromium(): Browser {
  const { executablePath = 'chromium', args = [] } = launchOptions()
  return {
    name: 'chromium',
    command: executablePath,
    prepare: async (profile, url) => ({
      args: [...args, '--headless=new', '--disable-popup-blocking', `--user-data-dir=${profile}`, url],
    }),
  }
}

/** The one that `FIREFOX_PATH` names, else an installed one, else none. */
export function findFirefox(): Browser | undefined {
  const command = findFirefoxCommand()
  if (!command) return undefined
  return {
    name: 'firefox',
    command,
    prepare: async (profile, url) => {
      const lines = Object.entries(FIREFOX_PREFS).map(
        ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
      )
      await writeFile(join(profile, 'user.js'), lines.join(''))
      return { args: ['--headless', '--no-remote', '--profile', profile, url] }
    },
  }
}

/** WebKitGTK in a browser of our own, which nobody drives; `undefined` where it is not installed. */
export function findWebKit(): Browser | undefined {
  if (!hasEngine('webkit')) return undefined
  return {
    name: 'webkit',
    command: BROWSER,
    prepare: async (profile, url) => ({ args: [url], env: await webKitEnvironment(profile) }),
  }
}

/** Another tab may be opened without a click, and comes on top; and nothing of the browser's own goes on. */
const FIREFOX_PREFS = {
  'dom.disable_open_during_load': false,
  'browser.link.open_newwindow': 3,
  'browser.tabs.loadDivertedInBackground': false,
  'app.normandy.enabled': false,
  'app.update.auto': false,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
}
