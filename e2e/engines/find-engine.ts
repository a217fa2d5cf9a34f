import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Engine } from './engine.ts'

/** How to install an engine where it is missing. */
export const INSTALL: Record<Engine, string> = {
  chromium: 'apt-get install chromium',
  firefox: 'apt-get install firefox-esr',
  webkit: 'apt-get install webkit2gtk-driver xvfb xauth gir1.2-webkit2-4.1 python3-gi',
}

/** True if an engine can be driven on this machine. A Chromium is always found or installed: see `findBrowser`. */
export function hasEngine(engine: Engine): boolean {
  switch (engine) {
    case 'chromium':
      return true
    case 'firefox':
      return findFirefox() !== undefined
    case 'webkit':
      return ['WebKitWebDriver', 'Xvfb'].every((name) => findInPath([name])) && WEBKIT_PARTS.some(existsSync)
  }
}

/** The Firefox that `FIREFOX_PATH` names, else an installed one. */
export function findFirefox(): string | undefined {
  return process.env.FIREFOX_PATH ?? findInPath(['firefox-esr', 'firefox'])
}

/** The Python modules that make a browser of WebKitGTK. */
const WEBKIT_PARTS = ['x86_64-linux-gnu', 'aarch64-linux-gnu', '.'].map(
  (folder) => `/usr/lib/${folder}/girepository-1.0/WebKit2-4.1.typelib`,
)

function findInPath(names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false // Not there, or not ours to run: the next one may be.
      }
    })
}
