import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'

const FILE = resolve(import.meta.dirname, '../../docs/clients.md')

/** The table of this name, as the docs have it. */
export async function readTable(name: string): Promise<string> {
  return splitAt(await readFile(FILE, 'utf8'), name).table
}

export async function writeTable(name: string, table: string): Promise<void> {
  const { before, after } = splitAt(await readFile(FILE, 'utf8'), name)
  await writeFile(FILE, `${before}${table}${after}`)
}

function splitAt(text: string, name: string): { before: string; table: string; after: string } {
  const begin = `<!-- table: ${name} -->\n\n`
  const end = '\n\n<!-- end -->'
  const from = text.indexOf(begin) + begin.length
  const to = text.indexOf(end, from)
  if (from < begin.length || to < 0) throw new Error(`Cannot find the table "${name}" in ${FILE}`)
  return { before: text.slice(0, from), table: text.slice(from, to), after: text.slice(to) }
}
