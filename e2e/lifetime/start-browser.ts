import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from './browsers.ts'

export interface RunningBrowser {
  /** Resolves when it has ended, whoever ended it. */
  ended: Promise<void>
  /** Ends it, and takes its profile away. */
  stop: () => Promise<void>
}

/** A browser that was asked to end and is still there is killed, ms. */
const PATIENCE_MS = 10_000

/** Opens a page in a browser of its own, with a fresh profile. */
export async function startBrowser(
  { name, command, prepare }: Browser,
  url: string,
): Promise<RunningBrowser> {
  const profile = await mkdtemp(join(tmpdir(), `streamkeeper-${name}-`))
  const { args, env } = await prepare(profile, url)
  const browser = spawn(command, args, { stdio: 'ignore', env: { ...process.env, ...env } })
  const ended = new Promise<void>((resolve) => {
    browser.once('exit', () => resolve())
    browser.once('error', () => resolve())
  })
  return {
    ended,
    stop: async () => {
      browser.kill()
      const killing = setTimeout(() => browser.kill('SIGKILL'), PATIENCE_MS)
      await ended
      clearTimeout(killing)
      // Its last processes may still be writing.
      await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
    },
  }
}
