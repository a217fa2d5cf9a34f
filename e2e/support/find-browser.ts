import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from '@playwright/test'
import { installBrowser } from './install-browser.ts'

/**
 * Finds a Chromium to drive, and installs one where there is none.
 *
 * In this order: the environment variable `BROWSER_PATH`, an installed browser, Playwright's own download, the system's
 * package manager.
 *
 * @throws {Error} that says what to do, when none of these works.
 */
export function findBrowser(): string {
  const named = process.env.BROWSER_PATH
  if (named) {
    if (isExecutable(named)) return named
    throw new Error(`Cannot use BROWSER_PATH: ${named} is no executable file`)
  }
  const found = findInstalled() ?? installBrowser(findInstalled)
  if (found) return found
  throw new Error(
    'Cannot find a browser: install Chromium or Chrome (npx playwright install --with-deps chromium), or name one by BROWSER_PATH',
  )
}

function findInstalled(): string | undefined {
  const inPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => COMMANDS.map((name) => join(folder, name)))
  return [...inPath, ...PLACES, chromium.executablePath()].find(isExecutable)
}

const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']

const PLACES = [
  '/snap/bin/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ...[process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA].flatMap(
    (folder) =>
      folder
        ? [
            join(folder, 'Google/Chrome/Application/chrome.exe'),
            join(folder, 'Chromium/Application/chrome.exe'),
            join(folder, 'Microsoft/Edge/Application/msedge.exe'),
          ]
        : [],
  ),
]

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // Not there, or not ours to run: the next one may be.
  }
}
