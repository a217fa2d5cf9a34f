import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** A download that has not ended by then will not, ms. */
const PATIENCE_MS = 240_000

/** Tries one way after the other to install a Chromium; returns the first that `find` finds and that runs. */
export function installBrowser(find: () => string | undefined): string | undefined {
  const isRoot = process.getuid?.() === 0
  const playwright = join(
    dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')),
    'cli.js',
  )
  // The download needs system libraries, which only root can install.
  const ways = [
    [process.execPath, playwright, 'install', ...(isRoot ? ['--with-deps'] : []), 'chromium'],
    ...(isRoot ? PACKAGE_MANAGERS : []),
  ]
  for (const [command = '', ...args] of ways) {
    console.error(`No browser found, trying: ${[command, ...args].join(' ')}`)
    // Its output goes to stderr: stdout is for reports.
    spawnSync(command, args, {
      stdio: ['ignore', 2, 2],
      timeout: PATIENCE_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    const found = find()
    if (found && runs(found)) return found
  }
  return undefined
}

const PACKAGE_MANAGERS = [
  ['sh', '-c', 'apt-get update && apt-get install -y --no-install-recommends chromium'],
  ['dnf', 'install', '-y', 'chromium'],
  ['apk', 'add', 'chromium'],
]

/** A download without its system libraries is there and does not start. */
function runs(path: string): boolean {
  return spawnSync(path, ['--version'], { timeout: 30_000 }).status === 0
}
