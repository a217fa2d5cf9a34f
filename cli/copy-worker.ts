import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { readInstalledWorker, WORKER_NAME } from './installed-worker.ts'

/** The outcome, with a text for the person at the terminal. */
export interface Outcome {
  ok: boolean
  text: string
}

/** The first line of every worker of ours, of any version; a retiring worker has another line before it. */
const OWN = /^(?:self\.streamkeeperRetires = true\n)?\/\*! streamkeeper (\S+) /

const RETIRES = 'self.streamkeeperRetires = true\n'

/** Checks whether the copy in a folder is the installed version. */
export async function checkCopy(folder: string, read = readInstalledWorker): Promise<Outcome> {
  const file = join(folder, WORKER_NAME)
  if (await isFolder(file)) return { ok: false, text: `${file} is a folder` }
  const [installed, copy] = await Promise.all([read(), readIfThere(file)])
  const version = versionOf(installed)
  const update = `run: npx streamkeeper init ${folder}`
  if (copy === undefined) return { ok: false, text: `${file} is missing; ${update}` }
  if (copy === installed) return { ok: true, text: `${file} is streamkeeper ${version}, as installed` }
  if (copy === RETIRES + installed) return { ok: true, text: `${file} is the retiring worker, as installed` }
  const copied = versionOf(copy)
  if (copied === undefined) return { ok: false, text: `${file} is not streamkeeper's` }
  const what = copied === version ? 'is changed' : `is streamkeeper ${copied}, installed is ${version}`
  return { ok: false, text: `${file} ${what}; ${update}${copy.startsWith(RETIRES) ? ' --retire' : ''}` }
}

/** Copies the worker, or the retiring one, to a folder; replaces any other file only if told to. */
export async function putWorker(
  folder: string,
  { retire, force }: { retire: boolean; force: boolean },
  read = readInstalledWorker,
): Promise<Outcome> {
  const file = join(folder, WORKER_NAME)
  const refuse = (why: string) => ({ ok: false, text: `Cannot copy the worker: ${why}` })
  if (!(await isFolder(folder))) return refuse(`${resolve(folder)} is no folder`)
  if (await isFolder(file)) return refuse(`${file} is a folder`)
  const [installed, copy] = await Promise.all([read(), readIfThere(file)])
  // A build that still runs `init` must not bring the worker back to visitors whom it is leaving.
  if (copy?.startsWith(RETIRES) && !retire && !force) {
    return refuse(
      `${file} is the retiring worker; --force puts the live one back. To keep it, remove "streamkeeper init" from your build`,
    )
  }
  if (copy !== undefined && versionOf(copy) === undefined && !force && !(await mayReplace(file))) {
    return refuse(`${file} is not streamkeeper's; --force replaces it`)
  }
  // A server that reads it meanwhile gets the old file or the new one, whole.
  const beside = `${file}.${process.pid}`
  await writeFile(beside, retire ? RETIRES + installed : installed)
  await rename(beside, file)
  return { ok: true, text: retire ? retired(file) : copied(file, folder, versionOf(installed)) }
}

function copied(file: string, folder: string, version: string | undefined): string {
  return `${file} is streamkeeper ${version}. In your page, before its first chat:

  import { register } from 'streamkeeper'
  const keeper = await register('/${WORKER_NAME}', { chat: ['/v1/chat/completions'] })

Run this again after each update, or add "prebuild": "streamkeeper init ${folder}" to the scripts in package.json.`
}

function retired(file: string): string {
  return `${file} is now the retiring worker. At a visitor's next visit, once no response is being read, it replaces the
worker, sends the queued messages and unregisters itself. Remove register() from the page, and "streamkeeper init" or
the plugin streamkeeper/vite from the build: they would put the live one back. Leave the file in place until every
visitor has returned once.`
}

async function mayReplace(file: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const typed = await terminal.question(`${file} is not streamkeeper's. Replace it? [y/N] `)
  terminal.close()
  return /^y(es)?$/i.test(typed.trim())
}

function versionOf(text: string): string | undefined {
  return OWN.exec(text)?.[1]
}

/** The file's text; Git on Windows may have given it other ends of lines. */
async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).replaceAll('\r\n', '\n')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
