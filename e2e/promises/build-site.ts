import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build, type Rolldown } from 'vite'
import type { WorkerName } from './report.ts'

/** All that the promise page is made of, in memory. */
export interface Site {
  /** By path. */
  files: ReadonlyMap<string, string>
  /** By name; there is none for `none`. */
  workers: ReadonlyMap<string, string>
}

const PAGE = join(import.meta.dirname, 'page')
const DIST = resolve(import.meta.dirname, '../../dist')

/** A worker that takes every request and gives it to the network: what most tutorials begin with. */
const RELAY = `
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) => event.respondWith(fetch(event.request)))
`

/** Builds the page on the built package, and bundles workbox's worker, as an app's own build would. */
export async function buildSite(): Promise<Site> {
  const shared = {
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define: { 'process.env.NODE_ENV': '"production"' },
  } as const
  const scripts = await build({
    ...shared,
    resolve: { alias: [{ find: /^streamkeeper$/, replacement: join(DIST, 'index.js') }] },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: {
        input: { runner: join(PAGE, 'runner.ts'), app: join(PAGE, 'app.ts') },
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
  const workbox = await build({
    ...shared,
    build: {
      write: false,
      lib: {
        entry: join(import.meta.dirname, 'workers/workbox.ts'),
        formats: ['iife'],
        name: 'workbox',
        fileName: 'workbox',
      },
    },
  })
  const files = new Map(chunksOf(scripts).map(({ fileName, code }) => [`/${fileName}`, code]))
  for (const name of ['index.html', 'app.html', 'style.css'])
    files.set(`/${name}`, await readFile(join(PAGE, name), 'utf8'))
  const workers = new Map<WorkerName, string>([
    ['relay', RELAY],
    ['workbox', chunksOf(workbox)[0]?.code ?? ''],
    ['streamkeeper', await readFile(join(DIST, 'streamkeeper-sw.js'), 'utf8')],
  ])
  return { files, workers }
}

function chunksOf(built: Awaited<ReturnType<typeof build>>): Rolldown.OutputChunk[] {
  const outputs = [built].flat() as Rolldown.RolldownOutput[]
  return outputs.flatMap(({ output }) => output).filter((each) => each.type === 'chunk')
}
