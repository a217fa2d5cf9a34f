import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { build, createLogger, createServer, type InlineConfig, preview } from 'vite'
import { type StreamkeeperPluginOptions, workerPlugin } from './worker-plugin.ts'

const WORKER = '/*! streamkeeper 9.9.9 | MIT */\nself.works = true\n'

const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** A tiny app in a folder of its own, with the plugin; `printed` is what Vite said. */
async function createApp(options: StreamkeeperPluginOptions = {}, more: InlineConfig = {}) {
  const root = await mkdtemp(join(tmpdir(), 'vite-app-'))
  closers.push(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'public'))
  await writeFile(join(root, 'index.html'), '<!doctype html><script type="module" src="/main.js"></script>')
  await writeFile(join(root, 'main.js'), 'document.title = import.meta.env.BASE_URL\n')
  const printed: string[] = []
  const customLogger = createLogger('info')
  customLogger.info = customLogger.warn = (message) => void printed.push(message)
  const config = (): InlineConfig => ({
    root,
    configFile: false,
    customLogger,
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null, ws: false },
    preview: { port: 0, host: '127.0.0.1' },
    optimizeDeps: { noDiscovery: true },
    plugins: [workerPlugin(options, () => Promise.resolve(WORKER))],
    ...more,
  })
  return {
    root,
    printed,
    /** Starts `vite`; gives the origin. */
    serve: async () => {
      const server = await createServer(config())
      closers.push(() => server.close())
      await server.listen()
      return originOf(server.resolvedUrls?.local[0])
    },
    build: () => build(config()),
    /** Starts `vite preview` of what was built. */
    preview: async () => {
      const server = await preview(config())
      closers.push(() => server.close())
      return originOf(server.resolvedUrls?.local[0])
    },
  }
}

function originOf(url = ''): string {
  return new URL(url).origin
}

async function ask(url: string, init: RequestInit = {}) {
  const response = await fetch(url, init)
  const { status, headers } = response
  return {
    status,
    type: headers.get('content-type'),
    allowed: headers.get('service-worker-allowed'),
    text: await response.text(),
  }
}

describe('the development server', () => {
  test('serves the worker as a script, its options in the query or not', async () => {
    const app = await createApp()
    const origin = await app.serve()
    for (const query of ['', '?options=%7B%7D']) {
      expect(await ask(`${origin}/streamkeeper-sw.js${query}`)).toEqual({
        status: 200,
        type: 'text/javascript; charset=utf-8',
        allowed: null,
        text: WORKER,
      })
    }
    expect(await ask(`${origin}/streamkeeper-sw.js`, { method: 'HEAD' })).toMatchObject({
      status: 200,
      text: '',
    })
    // Vite serves everything else: here the app's page, as for any unknown path.
    expect((await ask(`${origin}/other-sw.js`)).text).not.toBe(WORKER)
    expect((await ask(`${origin}/main.js`)).text).toContain('document.title')
  })

  test('serves the installed worker where an older copy lies in the public folder, and says so', async () => {
    const app = await createApp()
    await writeFile(join(app.root, 'public/streamkeeper-sw.js'), 'old')
    const origin = await app.serve()
    expect((await ask(`${origin}/streamkeeper-sw.js`)).text).toBe(WORKER)
    expect(app.printed.join('\n')).toContain('public/streamkeeper-sw.js is not used')
  })

  test('serves it below its base, and only there', async () => {
    const app = await createApp({}, { base: '/app/' })
    const origin = await app.serve()
    expect(await ask(`${origin}/app/streamkeeper-sw.js`)).toMatchObject({ allowed: null, text: WORKER })
    expect((await ask(`${origin}/streamkeeper-sw.js`)).text).not.toBe(WORKER)
  })

  test.each<[string, StreamkeeperPluginOptions, InlineConfig, string, string | null]>([
    [
      'the page /app beside base /app/',
      { scope: '/app' },
      { base: '/app/' },
      '/app/streamkeeper-sw.js',
      '/app',
    ],
    ['the whole site', { scope: '/' }, { base: '/app/' }, '/app/streamkeeper-sw.js', '/'],
    ['a worker in a folder of its own', { fileName: 'workers/chat.js' }, {}, '/workers/chat.js', '/'],
    ['a scope below its base', { scope: '/app/chat/' }, { base: '/app/' }, '/app/streamkeeper-sw.js', null],
    ['a relative base', {}, { base: './' }, '/streamkeeper-sw.js', null],
  ])('allows the worker what its folder does not: %s', async (_what, options, config, path, allowed) => {
    const app = await createApp(options, config)
    const origin = await app.serve()
    expect(await ask(origin + path)).toMatchObject({ status: 200, text: WORKER, allowed })
  })
})

describe('a build', () => {
  test('has the worker beside the page, under its own name, as it is', async () => {
    const app = await createApp()
    await app.build()
    expect((await readdir(join(app.root, 'dist'))).toSorted()).toEqual([
      'assets',
      'index.html',
      'streamkeeper-sw.js',
    ])
    expect(await readFile(join(app.root, 'dist/streamkeeper-sw.js'), 'utf8')).toBe(WORKER)
    expect(app.printed.join('\n')).not.toContain('Service-Worker-Allowed')
  })

  test('has the installed worker where an older copy lies in the public folder', async () => {
    const app = await createApp()
    await writeFile(join(app.root, 'public/streamkeeper-sw.js'), 'old')
    await app.build()
    expect(await readFile(join(app.root, 'dist/streamkeeper-sw.js'), 'utf8')).toBe(WORKER)
  })

  test('names the header that its server must send, which the preview sends', async () => {
    const app = await createApp({ scope: '/app' }, { base: '/app/' })
    await app.build()
    expect(app.printed.join('\n')).toContain(
      'Your server must send /app/streamkeeper-sw.js with the header Service-Worker-Allowed: /app',
    )
    const origin = await app.preview()
    expect(await ask(`${origin}/app/streamkeeper-sw.js`)).toMatchObject({
      status: 200,
      text: WORKER,
      allowed: '/app',
    })
  })

  test('for a server has no worker', async () => {
    const app = await createApp({}, { build: { ssr: 'main.js' } })
    await app.build()
    expect(await readdir(join(app.root, 'dist'))).toEqual(['main.mjs'])
  })
})

test.each(['/sw.js', '../sw.js', './sw.js', 'a/../sw.js', 'sw.mjs', '', 'a\\sw.js'])(
  'fileName %j is refused: it would lie elsewhere than below base',
  (fileName) => {
    expect(() => workerPlugin({ fileName }, () => Promise.resolve(WORKER))).toThrow(
      /^Option fileName: got .*, takes a path/,
    )
  },
)

test('scope "app" is refused: it is no path', () => {
  expect(() => workerPlugin({ scope: 'app' }, () => Promise.resolve(WORKER))).toThrow(
    /^Option scope: got "app", takes/,
  )
})

test.each([
  [{ filename: 'sw.js' }, 'Unknown option filename: there are fileName, scope'],
  [{ fileName: 5 }, 'Option fileName: got 5, takes a path below base'],
  [{ fileName: null }, 'Option fileName: got null, takes a path below base'],
  [{ scope: 5 }, 'Option scope: got 5, takes a path that begins with /'],
])('%j is refused: it would have no effect', (options, message) => {
  const create = () => workerPlugin(options as StreamkeeperPluginOptions, () => Promise.resolve(WORKER))
  expect(create).toThrow(TypeError)
  expect(create).toThrow(message)
})
