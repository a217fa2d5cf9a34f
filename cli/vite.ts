import type { Plugin } from 'vite'
import { readInstalledWorker } from './installed-worker.ts'
import { type StreamkeeperPluginOptions, workerPlugin } from './worker-plugin.ts'

export type { StreamkeeperPluginOptions } from './worker-plugin.ts'

/**
 * A Vite plugin that serves the ready-made worker of the installed version in development, and adds it to each build:
 * no copy can be of another version. `register(import.meta.env.BASE_URL + 'streamkeeper-sw.js', …)`.
 *
 * @throws {TypeError} naming a wrong option.
 */
export function streamkeeper(options: StreamkeeperPluginOptions = {}): Plugin {
  return workerPlugin(options, readInstalledWorker)
}
