import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'

const FILE = resolve(import.meta.dirname, '../../docs/clients.md')

/** The rows of the table of this name, as the docs have it, without the formatter's padding. */
export async function readTable(name: string): Promise<string> {
  const { table } = splitAt(await readFile(FILE, 'utf8'), name)
  return table.replaceAll(/ +\|/g, ' |').replaceAll(/-{3,}/g, '---')
}

export async function writeTable(name: string, table: string): Promise<void> {
  const { before, after } = splitAt(await readFile(FILE, 'utf8'), name)
  await writeFile(FILE, `${before}${table}${after}`)
}

function splitAt(text: string, name: string): { before: string; table: string; after: string } {
  const mark = `<!-- table: ${name} -->`
  const from = text.indexOf(mark) + mark.length
  const to = text.indexOf('<!-- end -->', from)
  if (from < mark.length || to < 0) throw new Error(`Cannot find the table "${name}" in ${FILE}`)
  return {
    before: `${text.slice(0, from)}\n\n`,
    table: text.slice(from, to).trim(),
    after: `\n\n${text.slice(to)}`,
  }
}
