import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test as base } from '@playwright/test'

const dist = resolve(import.meta.dirname, '../../dist')

/** The command as npx runs it: no terminal, so nobody who could be asked. */
const test = base.extend<{ folder: string; run: (...args: string[]) => Promise<Ran> }>({
  // eslint-disable-next-line no-empty-pattern
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'streamkeeper-public-'))
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },
  // eslint-disable-next-line no-empty-pattern
  run: async ({}, use) => {
    await use(
      (...args) =>
        new Promise((done) => {
          execFile(process.execPath, [join(dist, 'cli.js'), ...args], (error, out, err) =>
            done({ code: error ? Number(error.code) : 0, out, err }),
          )
        }),
    )
  },
})

interface Ran {
  code: number
  out: string
  err: string
}

const copyOf = (folder: string) => readFile(join(folder, 'streamkeeper-sw.js'), 'utf8')

test('init copies the worker and says what to write', async ({ folder, run }) => {
  const { code, out } = await run('init', folder)
  expect([code, out]).toEqual([0, expect.stringContaining("await register('/streamkeeper-sw.js'")])
  expect(await copyOf(folder)).toBe(await copyOf(dist))
  expect(await readdir(folder)).toEqual(['streamkeeper-sw.js'])
})

test('--check tells whether the copy is the installed version', async ({ folder, run }) => {
  const installed = await copyOf(dist)
  const check = async () => {
    const { code, out, err } = await run('init', folder, '--check')
    return [code, out + err] as const
  }
  expect(await check()).toEqual([1, expect.stringContaining('is missing; run: npx streamkeeper init')])
  await run('init', folder)
  expect(await check()).toEqual([0, expect.stringContaining('as installed')])
  await writeFile(
    join(folder, 'streamkeeper-sw.js'),
    installed.replace(/streamkeeper \S+/, 'streamkeeper 0.0.1'),
  )
  expect(await check()).toEqual([1, expect.stringContaining('is streamkeeper 0.0.1, installed is')])
  await writeFile(join(folder, 'streamkeeper-sw.js'), `${installed}// Mine.\n`)
  expect(await check()).toEqual([1, expect.stringContaining('is changed')])
  await run('init', folder, '--retire')
  expect(await check()).toEqual([0, expect.stringContaining('retiring')])
})

test('an older copy is replaced; another file of that name only by force', async ({ folder, run }) => {
  const file = join(folder, 'streamkeeper-sw.js')
  await writeFile(file, '/*! streamkeeper 0.0.1 | MIT */\nolder()\n')
  expect((await run('init', folder)).code).toBe(0)
  await writeFile(file, 'theirs()\n')
  for (const args of [[], ['--retire']]) {
    const { code, err } = await run('init', folder, ...args)
    expect([code, err]).toEqual([1, expect.stringContaining("not streamkeeper's; --force")])
  }
  expect(await copyOf(folder)).toBe('theirs()\n')
  expect((await run('init', folder, '--force')).code).toBe(0)
  expect(await copyOf(folder)).toBe(await copyOf(dist))
})

test('wrong usage and a folder that is none are told', async ({ folder, run }) => {
  for (const args of [
    [],
    ['init'],
    ['initt', folder],
    ['init', folder, '--no-such'],
    ['init', folder, '--check', '--retire'],
  ]) {
    const { code, err } = await run(...args)
    expect([args, code, err]).toEqual([args, 2, expect.stringContaining('Usage: streamkeeper init')])
  }
  const { code, err } = await run('init', join(folder, 'none'))
  expect([code, err]).toEqual([1, expect.stringContaining('is no folder')])
  const { out } = await run('--help')
  expect(out).toContain('Usage: streamkeeper init')
})
