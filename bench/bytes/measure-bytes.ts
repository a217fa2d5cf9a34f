import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { bundle } from './bundle.ts'
import { type PartWeight, profileWorker } from './profile-worker.ts'

/** The bytes that a browser has to load. */
export interface Weight {
  minified: number
  gzip: number
  brotli: number
}

type Weighed = [what: string, weight: Weight]

export interface MeasuredBytes {
  ours: Weighed[]
  /** Packages that an app might take instead of some of it. */
  theirs: Weighed[]
  /** The parts of the worker. */
  parts: PartWeight[]
}

const DIST = resolve(import.meta.dirname, '../../dist')

/** The sizes of other libraries for a part of the same, in a page or a worker; each as an app would import it. */
const OTHERS: readonly [what: string, entry: string][] = [
  ['workbox-background-sync with a route (a worker)', 'workbox-background-sync'],
  ['ky (`fetch` with retries)', 'ky'],
  ['axios with axios-retry', 'axios-retry'],
  ['@microsoft/fetch-event-source (SSE over `fetch`, with retries)', 'fetch-event-source'],
  ['openai (its retries included)', 'openai'],
  ['@anthropic-ai/sdk (its retries included)', 'anthropic'],
]

/** Weighs what was built last. */
export async function measureBytes(): Promise<MeasuredBytes> {
  const of = async (...files: string[]) =>
    (await Promise.all(files.map((file) => readFile(join(DIST, file))))).map(weigh).reduce(add)
  const ours: Weighed[] = [
    ['the ready-made worker, `streamkeeper-sw.js`', await of('streamkeeper-sw.js')],
    ["`import { register }` in a page's first load", await of('size/register.js')],
    [
      'what it loads next, where there can be a worker',
      await of('size/connection.js', 'size/check-routes.js'),
    ],
    ['the engine in the page, only where there can be none', await of('size/fallback.js')],
    ['`streamkeeper`, all that a page can import or load', await weighBundle(join(DIST, 'index.js'))],
    ["`streamkeeper/sw`, for a worker of the app's own", await weighBundle(join(DIST, 'sw.js'))],
    ['`streamkeeper/fetch`', await weighBundle(join(DIST, 'fetch.js'))],
  ]
  const theirs: Weighed[] = []
  for (const [what, entry] of OTHERS) {
    theirs.push([what, await weighBundle(join(import.meta.dirname, 'others', `${entry}.ts`))])
  }
  return { ours, theirs, parts: await profileWorker() }
}

function weigh(code: string | Buffer): Weight {
  const bytes = Buffer.from(code)
  return {
    minified: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length,
  }
}

async function weighBundle(entry: string): Promise<Weight> {
  return weigh((await bundle(entry, true)).code)
}

function add(a: Weight, b: Weight): Weight {
  return { minified: a.minified + b.minified, gzip: a.gzip + b.gzip, brotli: a.brotli + b.brotli }
}
