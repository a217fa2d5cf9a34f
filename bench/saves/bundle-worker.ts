import { join } from 'node:path'
import { build, type Rolldown } from 'vite'

/** workbox's worker as an app would build it: one classic script. */
export async function bundleWorker(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      minify: true,
      lib: { entry: join(import.meta.dirname, 'workbox-worker.ts'), formats: ['iife'], name: 'workbox' },
    },
  })
  const [{ output } = { output: [] }] = [built].flat() as Rolldown.RolldownOutput[]
  const [script] = output
  if (script?.type !== 'chunk') throw new Error('Cannot build the worker: there is no script')
  return script.code
}
