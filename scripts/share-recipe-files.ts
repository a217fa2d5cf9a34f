import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { basename, resolve } from 'node:path'

const RECIPES = resolve(import.meta.dirname, '../demo/recipes')

/** What recipes share. Each must stand alone, so each has a copy; the one in `react-status` is what is edited. */
const SHARED: Record<string, string[]> = {
  'status-words.ts': ['react-use-chat/src', 'vue/src', 'plain-html'],
  'outbox-store.ts': ['react-use-chat/src', 'vue/src', 'plain-html'],
  'chat.ts': ['vue/src', 'plain-html'],
  'style.css': ['react-use-chat/src', 'vue/src', 'plain-html'],
  'composer.tsx': ['react-use-chat/src'],
  'outbox-panel.tsx': ['react-use-chat/src'],
  'status-line.tsx': ['react-use-chat/src'],
  'use-keeper.ts': ['react-use-chat/src'],
}

/** A file of a recipe that is made from another's. */
export interface Copy {
  /** Below `demo/recipes`. */
  path: string
  /** What it should say; only the layout of code without types is not quite the formatter's. */
  text: string
}

export function recipeCopies(): Copy[] {
  const shared = Object.entries(SHARED).flatMap(([name, folders]) =>
    folders.map((folder) => copyOf(`react-status/src/${name}`, folder)),
  )
  const timelines = readdirSync(resolve(RECIPES, 'timelines/src'))
    .filter((name) => !name.endsWith('.test.ts'))
    .map((name) => copyOf(`timelines/src/${name}`, 'timelines/request-timelines'))
  return [...shared, ...timelines]
}

function copyOf(path: string, folder: string): Copy {
  const text = readFileSync(resolve(RECIPES, path), 'utf8')
  const name = basename(path)
  return name.endsWith('.ts') && !folder.endsWith('/src')
    ? { path: `${folder}/${name.replace(/ts$/, 'js')}`, text: toScript(text) }
    : { path: `${folder}/${name}`, text }
}

export function readCopy({ path }: Copy): string {
  return readFileSync(resolve(RECIPES, path), 'utf8')
}

/** The same for a page without a build: no types, nor what was said of them, and imports by path. */
function toScript(text: string): string {
  const withoutTypeDocs = text.replace(/\/\*\*(?:(?!\*\/)[^])*\*\/\n(?=(export )?(interface|type) )/g, '')
  return stripTypeScriptTypes(withoutTypeDocs)
    .replace(/[ ]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trimStart()
    .replace(/from '(\.\/[\w-]+)\.ts'/g, "from '$1.js'")
    .replace("from 'streamkeeper'", "from './streamkeeper/index.js'")
}

if (import.meta.main) for (const { path, text } of recipeCopies()) writeFileSync(resolve(RECIPES, path), text)
