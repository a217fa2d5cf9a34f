import { relative, resolve, sep } from 'node:path'
import { minify } from 'terser'
import { bundle } from './bundle.ts'

/** The size of one part of the worker, minified by itself, bytes. */
export interface PartWeight {
  part: string
  bytes: number
}

const ROOT = resolve(import.meta.dirname, '../..')

/** By the beginning of a file's path; the first that fits. */
const PARTS: readonly [path: string, part: string][] = [
  ['core/providers/', 'what the protocols look like, their ends and errors'],
  ['core/chat/', "a chat's attempts, deadlines and bytes"],
  ['core/retry/', 'what becomes of a failure, and when; limits shared by all tabs'],
  ['core/options/', 'options checked by name, URL patterns'],
  ['sw/responses/', 'responses that outlive pages and workers'],
  ['sw/outbox/', 'saved messages'],
  ['node_modules/', 'idb, eventsource-parser, workbox-core'],
  ['', 'all else: events, statuses, calls, going away, taking over'],
]

/** The parts of the ready-made worker, the largest first. */
export async function profileWorker(): Promise<PartWeight[]> {
  const { modules } = await bundle(resolve(ROOT, 'sw/streamkeeper-sw.ts'), false)
  const weights = new Map<string, number>()
  for (const [id, { code }] of Object.entries(modules)) {
    const minified = await minify(code ?? '', { mangle: { toplevel: true } })
    const part = partOf(relative(ROOT, id).split(sep).join('/'))
    weights.set(part, (weights.get(part) ?? 0) + (minified.code?.length ?? 0))
  }
  return Array.from(weights, ([part, bytes]) => ({ part, bytes })).sort((a, b) => b.bytes - a.bytes)
}

function partOf(path: string): string {
  return PARTS.find(([beginning]) => path.startsWith(beginning))?.[1] ?? ''
}
