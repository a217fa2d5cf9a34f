import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { basename, join, resolve } from 'node:path'

const RECIPES = resolve(import.meta.dirname, '../demo/recipes')

/** The contents of a recipe's folder that are not committed. */
const MADE = /[\\/](node_modules|dist|streamkeeper|streamkeeper-sw\.js|package-lock\.json)$/

/** Recipes without a build, and the folder that takes their modules without types. */
const WITHOUT_BUILD: Record<string, string> = { 'plain-html': '.', timelines: 'request-timelines' }

/** Where modules, and the files that they share with other recipes, are written. */
interface Target {
  folder: string
  /** Where scripts find the package's modules; `undefined`: these are no scripts, but have types and a bundler. */
  packagePath: string | undefined
}

/**
 * Writes a recipe that stands alone to a folder. Here, recipes share files (`demo/recipes/shared`); there, each has its own,
 * and one without a build has JavaScript that imports the package from beside it, `./streamkeeper/`.
 *
 * @throws {Error} where there is no such recipe.
 */
export function makeRecipe(name: string, folder: string): void {
  const source = join(RECIPES, name)
  if (name === 'shared' || !existsSync(join(source, 'README.md'))) {
    throw new Error(`Cannot make recipe ${name}: there is none of that name in ${RECIPES}`)
  }
  const plain = WITHOUT_BUILD[name]
  cpSync(source, folder, { recursive: true, filter: (path) => path === source || !MADE.test(path) })
  const target =
    plain === undefined
      ? { folder: join(folder, 'src'), packagePath: undefined }
      : { folder: join(folder, plain), packagePath: plain === '.' ? './streamkeeper' : '../streamkeeper' }
  mkdirSync(target.folder, { recursive: true })
  for (const file of readdirSync(join(source, 'src'))) addModule(join(source, 'src', file), target)
  // Its stylesheet is linked from the page.
  if (name === 'plain-html') addModule(join(RECIPES, 'shared/style.css'), target)
  if (plain !== undefined) rmSync(join(folder, 'src'), { recursive: true })
}

/** Writes a module, and what it imports from the shared files. */
function addModule(path: string, target: Target): void {
  const { folder, packagePath } = target
  const text = readFileSync(path, 'utf8')
  const isScript = packagePath !== undefined && path.endsWith('.ts')
  const name = isScript ? basename(path).replace(/ts$/, 'js') : basename(path)
  writeFileSync(join(folder, name), isScript ? toScript(text, packagePath) : withOwnImports(text))
  const isShared = path.startsWith(join(RECIPES, 'shared'))
  const imports = isShared
    ? /(?:from|import) '\.\/([\w.-]+)'/g
    : /(?:from|import) '(?:\.\.\/){2}shared\/([\w.-]+)'/g
  for (const [, file = ''] of text.matchAll(imports)) addModule(join(RECIPES, 'shared', file), target)
}

function withOwnImports(text: string): string {
  return text.replace(/'\.\.\/\.\.\/shared\//g, "'./")
}

/** The same without types, nor what was said of them, and with imports by path. */
function toScript(text: string, packagePath: string): string {
  const withoutTypeDocs = text.replace(/\/\*\*(?:(?!\*\/)[^])*\*\/\n(?=(export )?(interface|type) )/g, '')
  return withOwnImports(stripTypeScriptTypes(withoutTypeDocs))
    .replace(/[ ]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trimStart()
    .replace(/from '(\.\/[\w-]+)\.ts'/g, "from '$1.js'")
    .replace("from 'streamkeeper'", `from '${packagePath}/index.js'`)
    .replace("from 'streamkeeper/ui'", `from '${packagePath}/ui.js'`)
}

if (import.meta.main) {
  const [name, folder] = process.argv.slice(2)
  if (name === undefined || folder === undefined) throw new Error('Expected: npm run recipe <name> <folder>')
  makeRecipe(name, resolve(folder))
  // Types leave gaps where they stood.
  execFileSync('oxfmt', ['--config', resolve(import.meta.dirname, '../.oxfmtrc.json'), resolve(folder)])
}
