import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const folder = resolve(import.meta.dirname, '../..', process.env.CORPUS ?? '../shared/fixtures')

/** Recorded data of others, which is no part of this repository; its tests are skipped where it is absent. */
export const hasCorpus = existsSync(folder)

export const skipReason = hasCorpus ? '' : ` (skipped: no recorded data in ${folder}, see CORPUS)`

/** Reads a JSON file of the corpus; `absent` where there is no corpus. */
export function readCorpus<Data>(path: string, absent: Data): Data {
  return hasCorpus ? (JSON.parse(readFileSync(resolve(folder, path), 'utf8')) as Data) : absent
}

export function readCorpusBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(resolve(folder, path)))
}
