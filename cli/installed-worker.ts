import { readFile } from 'node:fs/promises'

/** The ready-made worker's file, in the package and by default in a site. */
export const WORKER_NAME = 'streamkeeper-sw.js'

/** The ready-made worker of this version of the package. Once built, this module is in dist, next to the worker. */
export function readInstalledWorker(): Promise<string> {
  return readFile(new URL(WORKER_NAME, import.meta.url), 'utf8')
}
