import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { lackTable } from './lack-table.ts'
import { LACKS, lackOf } from './lacks.ts'

const E2E = resolve(import.meta.dirname, '..')
const DOCS = resolve(E2E, '../docs/browsers.md')
const TABLE = /\| engine *\| why[^]*?(?=\n\n|\n*$)/

/** The cells of a table, without padding. */
const cells = (table = '') =>
  table
    .split('\n')
    .filter((line) => !/^[|\s-]+$/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))

test('docs/browsers.md shows what is not run in which engine, and why', () => {
  const docs = readFileSync(DOCS, 'utf8')
  if (process.env.WRITE_DOCS)
    writeFileSync(
      DOCS,
      docs.replace(TABLE, () => lackTable()),
    )
  else expect(cells(TABLE.exec(docs)?.[0])).toEqual(cells(lackTable()))
})

test('every entry of the list is of tests that there are', () => {
  const specs = readdirSync(E2E, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.spec.ts'),
  )
  const missing = LACKS.flatMap(({ spec, tests = [] }) => {
    const path = specs.find((each) => `/${each}`.endsWith(`/${spec}`))
    if (!path) return [spec]
    const text = readFileSync(join(E2E, path), 'utf8')
    // A title that is put together in a loop is in its spec word by word.
    return tests.filter(
      (title) => !text.includes(title) && !title.split(/[^\p{L}]+/u).every((word) => text.includes(word)),
    )
  })
  expect(missing).toEqual([])
})

test('lackOf() tells by engine, spec and title', () => {
  expect(lackOf('webkit', '/x/e2e/background-sync.spec.ts', 'any')).toContain('Background Sync')
  expect(lackOf('chromium', '/x/e2e/background-sync.spec.ts', 'any')).toBeUndefined()
  expect(lackOf('firefox', '/x/e2e/sync/background-sync.spec.ts.old', 'any')).toBeUndefined()
  expect(lackOf('firefox', '/x/e2e/timeouts.spec.ts', 'headers that never come are cut')).toBeDefined()
  expect(lackOf('firefox', '/x/e2e/timeouts.spec.ts', 'keep-alives without output')).toBeUndefined()
})
