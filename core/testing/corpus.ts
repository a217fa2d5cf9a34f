import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const folder = resolve(import.meta.dirname, '../..', process.env.CORPUS ?? '../shared/fixtures')

/**
 * Recorded data of others, which is no part of this repository. A test of it goes through all of its records, so that it
 * counts as one test, and as one skipped where they are absent; `core/testing/generated` has what everybody can run.
 */
export const hasCorpus = existsSync(folder)

export const skipReason = hasCorpus ? '' : ` (skipped: no recorded data in ${folder}, see CORPUS)`

/** Reads a JSON file of the corpus; `absent` where there is no corpus. */
export function readCorpus<Data>(path: string, absent: Data): Data {
  return hasCorpus ? (JSON.parse(readFileSync(resolve(folder, path), 'utf8')) as Data) : absent
}

export function readCorpusBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(resolve(folder, path)))
}

/** What a check says of each record that it does not hold for, by the record's name. */
export async function failuresOf<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  check: (item: Item) => void | Promise<void>,
): Promise<string[]> {
  const failures: string[] = []
  for (const item of items) {
    try {
      await check(item)
    } catch (error) {
      failures.push(`${nameOf(item)}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return failures
}
