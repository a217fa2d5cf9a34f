import { readdir, readFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { transformWithOxc } from 'vite'
import { CARELESS_WORKER } from './careless-worker.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/**
 * The files a browser may ask for, by path: the page, its TypeScript made JavaScript, and the built package. Read once,
 * for a build in the middle of a run would bring every browser a new worker.
 */
export async function readSite(): Promise<ReadonlyMap<string, string>> {
  const site = new Map([
    ['/careless-worker.js', CARELESS_WORKER],
    // The page imports the package as its source's types know it, and gets it as it was built.
    ['/client/index.ts', "export * from '/dist/index.js'"],
    ['/streamkeeper-sw.js', await readFile(join(ROOT, 'dist/streamkeeper-sw.js'), 'utf8')],
  ])
  for (const folder of ['dist', 'e2e/lifetime/page']) {
    for (const name of await readdir(join(ROOT, folder), { recursive: true })) {
      const path = `/${folder}/${name.replaceAll(sep, '/')}`
      if (!/\.(html|js|ts)$/.test(name) || name.endsWith('.d.ts')) continue
      const source = await readFile(join(ROOT, path), 'utf8')
      site.set(path, name.endsWith('.ts') ? (await transformWithOxc(source, path)).code : source)
    }
  }
  return site
}
