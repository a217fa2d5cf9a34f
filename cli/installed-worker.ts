import { readFile } from 'node:fs/promises'

/** The ready-made worker's file, in the package and by default in a site. */
export const WORKER_NAME = 'streamkeeper-sw.js'

/** The ready-made worker of this version of the package. Built, this module lies in dist, as the worker does. */
export function readInstalledWorker(): Promise<string> {
  return readFile(new URL(WORKER_NAME, import.meta.url), 'utf8')
}
