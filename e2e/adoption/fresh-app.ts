import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, type Page } from '@playwright/test'
import { lacking } from '../support/test.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'

export { expect } from '@playwright/test'

/** An app in a folder of its own, outside of this repository. */
export interface FreshApp {
  folder: string
  /** Files by their path. */
  write: (files: Record<string, string>) => Promise<void>
  /** Installs the packed package, and others in the versions that this repository has, or in those named. */
  install: (...others: string[]) => Promise<void>
  /** Runs a command as a developer does there; rejects when it fails, with what it printed. */
  run: (command: string, ...args: string[]) => Promise<string>
  read: (path: string) => Promise<string>
}

interface Fixtures {
  app: FreshApp
  /** Serves a built site, with a provider and a history beside it. */
  serve: (site: string) => Promise<TestServer>
}

const ROOT = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

export const test = lacking.extend<Fixtures, { tarball: string }>({
  tarball: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'streamkeeper-pack-'))
      await run('npm', ['pack', '--pack-destination', folder], { cwd: ROOT })
      const [name] = await readdir(folder)
      await use(join(folder, name ?? ''))
      await rm(folder, { recursive: true, force: true })
    },
    { scope: 'worker' },
  ],
  app: async ({ tarball }, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'streamkeeper-app-'))
    const inFolder: FreshApp['run'] = async (command, ...args) => {
      try {
        const { stdout, stderr } = await run(command, args, {
          cwd: folder,
          env: environment(),
          maxBuffer: 1e8,
        })
        return stdout + stderr
      } catch (error) {
        const { stdout, stderr } = error as { stdout?: string; stderr?: string }
        throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error })
      }
    }
    await use({
      folder,
      write: async (files) => {
        for (const [path, text] of Object.entries(files)) {
          await mkdir(dirname(join(folder, path)), { recursive: true })
          await writeFile(join(folder, path), text)
        }
      },
      install: async (...others) => {
        const versions = await installedVersions()
        const named = others.map((name) =>
          name.includes('@', 1) ? name : `${name}@${versions[name] ?? 'latest'}`,
        )
        await inFolder('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball, ...named)
      },
      run: inFolder,
      read: (path) => readFile(join(folder, path), 'utf8'),
    })
    await rm(folder, { recursive: true, force: true })
  },
  // eslint-disable-next-line no-empty-pattern
  serve: async ({}, use) => {
    const servers: TestServer[] = []
    await use(async (site) => {
      const server = await startTestServer(site)
      servers.push(server)
      return server
    })
    await Promise.all(servers.map((server) => server.close()))
  },
})

/** The environment of an app's own package manager, without the npm that runs this test. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(?!config_(registry|cache)$)|^NODE_ENV$/i.test(name),
    ),
  )
}

async function installedVersions(): Promise<Record<string, string>> {
  const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  return devDependencies
}

/**
 * The app, which calls `fetch` and nothing else, streams an answer after a 429, and has a message sent that the server
 * could not take at first.
 */
export async function keepsStreamsAndMessages(page: Page, url: string, server: TestServer): Promise<void> {
  await page.goto(url)
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)

  const fault = {
    id: crypto.randomUUID(),
    steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 1_000 } }],
  }
  const chat = await page.evaluate(async (fault) => {
    const messages = [{ role: 'user', content: 'Hello' }]
    const response = await fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ model: 'demo-small', stream: true, messages, fault }),
    })
    return { status: response.status, text: await response.text() }
  }, fault)
  expect(chat).toEqual({ status: 200, text: expect.stringMatching(/^data: [^]*\[DONE\]\n\n$/) })
  expect((await server.log(fault.id)).map(({ status }) => status)).toEqual([429, 200])

  await server.behave({ session: 's', mode: 'reset' })
  const save = await page.evaluate(async () => {
    const { status } = await fetch('/api/sessions/s/messages', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ id: '1', role: 'user', content: 'Hello', createdAt: 1 }),
    })
    return status
  })
  expect(save).toBe(202)
  await server.behave({ session: 's', mode: 'ok' })
  await expect.poll(() => server.messages('s')).toMatchObject([{ id: '1' }])
}
