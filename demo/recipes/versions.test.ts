import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

interface Manifest {
  version?: string
  dependencies: Record<string, string>
  devDependencies?: Record<string, string>
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(resolve(import.meta.dirname, folder, 'package.json'), 'utf8')) as Manifest
}

test.each(['react-status', 'react-use-chat', 'vue', 'plain-html', 'timelines'])(
  '%s depends on this version, and on what this repository tests with',
  (recipe) => {
    const { version, devDependencies: tested = {} } = manifest('../..')
    const { dependencies, devDependencies } = manifest(recipe)
    const { streamkeeper, ...others } = { ...dependencies, ...devDependencies }
    expect(streamkeeper).toBe(`^${version}`)
    for (const [name, range] of Object.entries(others)) {
      if (name in tested)
        expect(`${name} ${range.replace('^', '')}`).toBe(`${name} ${tested[name]?.replace('^', '')}`)
    }
  },
)
