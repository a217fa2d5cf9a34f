import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { makeRecipe } from './make-recipe.ts'

const RECIPES = ['react-status', 'react-use-chat', 'vue', 'plain-html', 'timelines']

const folders: string[] = []

afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })))

/** A recipe in a folder of its own: its files by their path. */
function made(name: string): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'recipe-'))
  folders.push(folder)
  makeRecipe(name, folder)
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = paths.filter((path) => /\.\w+$/.test(path) && !path.endsWith('.gitignore'))
  return new Map(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}

test('every recipe of the repository can be made', () => {
  const folder = resolve(import.meta.dirname, '../demo/recipes')
  const found = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'README.md')))
  expect(found.toSorted()).toEqual(RECIPES.toSorted())
})

describe.each(RECIPES)('the recipe %s, made', (name) => {
  test('stands alone: whatever its files refer to is beside them, or in a package', () => {
    const files = made(name)
    let count = 0
    for (const [path, text] of files) {
      for (const [, to = ''] of text.matchAll(/(?:from |import |src="|href=")['"]?(\.[^'"]+)['"]/g)) {
        if (!/\.\w+$/.test(to)) continue
        count++
        const target = join(dirname(path), to)
        // The package's modules are copied by who makes it.
        const isThere = files.has(target) || /^streamkeeper\/(index|ui)\.js$/.test(target)
        expect([path, to, isThere]).toEqual([path, to, true])
      }
    }
    expect(count).toBeGreaterThan(3)
  })
})

test.each(['plain-html', 'timelines'])(
  'the recipe %s, made, has no types, and imports the package by path',
  (name) => {
    const scripts = [...made(name)].filter(([path]) => /\.[jt]sx?$/.test(path))
    expect(scripts.length).toBeGreaterThan(4)
    for (const [path, text] of scripts) {
      expect([path, stripTypeScriptTypes(text)]).toEqual([path, text])
      expect(path).toMatch(/\.js$/)
      expect(text).not.toMatch(/from 'streamkeeper/)
    }
    expect(scripts.some(([, text]) => text.includes("/streamkeeper/index.js'"))).toBe(true)
  },
)

test.each(['shared', 'nothing'])('there is no recipe %s to be made', (name) => {
  expect(() => makeRecipe(name, '/nowhere')).toThrow(`Cannot make recipe ${name}`)
})
