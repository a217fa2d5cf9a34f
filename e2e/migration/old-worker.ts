import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

/** The worker as 0.1.0 was built: what it writes is what an app that comes from there has on its disk. */
export async function readOldWorker(): Promise<string> {
  const packed = await readFile(resolve(import.meta.dirname, 'worker-0.1.0.js.br'))
  return brotliDecompressSync(packed).toString()
}
