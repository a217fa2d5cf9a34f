import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Manifest {
  main?: string
  types?: string
  typesVersions?: Record<string, Record<string, string[]>>
  exports: Record<string, string | { types: string; default: string }>
}

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Manifest

test('TypeScript with moduleResolution "node", which does not read exports, finds the same types', () => {
  const entries = Object.entries(manifest.exports).flatMap(([path, entry]) =>
    typeof entry === 'string' ? [] : [{ path, ...entry }],
  )
  const root = entries.find(({ path }) => path === '.')
  expect([manifest.main, manifest.types]).toEqual([root?.default, root?.types])
  expect(manifest.typesVersions).toEqual({
    '*': Object.fromEntries(
      entries.filter(({ path }) => path !== '.').map(({ path, types }) => [path.slice(2), [types]]),
    ),
  })
})
