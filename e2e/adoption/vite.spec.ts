import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, keepsStreamsAndMessages, test } from './fresh-app.ts'

test.setTimeout(180_000)

const OPTIONS = `{
  chat: ['/v1/chat/completions'],
  saves: ['/api/sessions/:session/messages'],
}`

test('a fresh Vite app has it in two lines', async ({ app, page, serve }) => {
  await app.write({
    'package.json': '{ "name": "fresh", "private": true, "type": "module" }',
    'index.html': '<!doctype html><title>Fresh</title><script type="module" src="/src/main.ts"></script>',
    'src/main.ts': `import { register } from 'streamkeeper'\nconst keeper = await register('/streamkeeper-sw.js', ${OPTIONS})
document.title = keeper.state\n`,
    'public/robots.txt': '',
  })
  await app.install('vite')
  const told = await app.run('npx', 'streamkeeper', 'init', 'public')
  expect(told).toContain("import { register } from 'streamkeeper'")
  await app.run('npx', 'vite', 'build')
  const server = await serve(join(app.folder, 'dist'))
  await keepsStreamsAndMessages(page, server.url, server)
})

test('a fresh Vite app with the plugin has it in development and in its build, without a copy', async ({
  app,
  page,
  serve,
}) => {
  const beside = await serve(app.folder)
  await app.write({
    'package.json': '{ "name": "fresh", "private": true, "type": "module" }',
    'index.html': '<!doctype html><title>Fresh</title><script type="module" src="/src/main.ts"></script>',
    'src/main.ts': `import { register } from 'streamkeeper'
await register(import.meta.env.BASE_URL + 'streamkeeper-sw.js', ${OPTIONS})\n`,
    'vite.config.js': `import { streamkeeper } from 'streamkeeper/vite'
export default {
  plugins: [streamkeeper()],
  server: { proxy: { '/v1': '${beside.url}', '/api': '${beside.url}' } },
}\n`,
  })
  await app.install('vite')
  const vite = spawn(
    process.execPath,
    ['node_modules/vite/bin/vite.js', '--port', '0', '--host', '127.0.0.1'],
    { cwd: app.folder, env: { ...process.env, NO_COLOR: '1' } },
  )
  try {
    let printed = ''
    vite.stdout.on('data', (data: Buffer) => (printed += data.toString()))
    await expect.poll(() => printed, { timeout: 60_000 }).toMatch(/Local: +http/)
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? ''
    await keepsStreamsAndMessages(page, url, beside)
  } finally {
    vite.kill()
  }
  await app.run('npx', 'vite', 'build')
  const built = await serve(join(app.folder, 'dist'))
  await keepsStreamsAndMessages(page, built.url, built)
})

test('its types say what each entry gives', async ({ app }) => {
  await app.write({
    'package.json': '{ "name": "fresh", "private": true, "type": "module" }',
    'page.json': compilerOptions('DOM', 'page.ts', 'server.ts'),
    'tools.json': compilerOptions('DOM', 'tools.ts'),
    'worker.json': compilerOptions('WebWorker', 'worker.ts'),
    'page.ts': `import { isStatus, register, streamChat, type Keeper } from 'streamkeeper'
import { createOutboxStore, describeFailure, describeStatus, ENGLISH, type PartialWords, type Words } from 'streamkeeper/ui'
const keeper: Keeper = await register('/streamkeeper-sw.js', ${OPTIONS})
keeper.on('rate_limit_retry', ({ retryAfterMs }) => retryAfterMs.toFixed())
// @ts-expect-error -- no such status
keeper.on('rate_limit', () => {})
// @ts-expect-error -- no such option
await register('/streamkeeper-sw.js', { chatt: [] })
const words: PartialWords = { offline: 'Offline', failures: { truncated: { title: 'Cut', advice: 'Sorry' } } }
keeper.on('*', (status) => describeStatus(status, { words }).trim())
const german = { ...ENGLISH, waiting: () => 'Warten' } satisfies Words
describeFailure({ code: 'truncated' }, { words: german }).advice.trim()
createOutboxStore(keeper).getSnapshot().map(({ content }) => content.trim())
createOutboxStore(keeper, { read: (body) => body.size }).getSnapshot().map(({ content }) => content?.toFixed())
// @ts-expect-error -- no such word
describeStatus({} as never, { words: { busy: 'x' } })
for await (const item of streamChat('/v1/chat/completions', { body: {} })) if (isStatus(item)) item.status.trim()
`,
    'worker.ts': `import type { RouteHandlerCallback } from 'workbox-core/types.js'
import { chatHandler, keepStreams, whenIdle } from 'streamkeeper/sw'
keepStreams(${OPTIONS})
const handler: RouteHandlerCallback = chatHandler()
const idle: Promise<void> = whenIdle()
export { handler, idle }
`,
    'tools.ts': `import { defineConfig } from 'vite'
import { streamkeeper } from 'streamkeeper/vite'
export default defineConfig({ plugins: [streamkeeper({ scope: '/app' })] })
// @ts-expect-error -- no such option
streamkeeper({ file: 'sw.js' })
`,
    'server.ts': `import { createResilientFetch } from 'streamkeeper/fetch'
export const resilient: typeof fetch = createResilientFetch({ chat: ['https://api.example/*'] })
`,
  })
  await app.install('typescript', 'vite', '@types/node')
  await app.run('npx', 'tsc', '-p', 'page.json')
  await app.run('npx', 'tsc', '-p', 'worker.json')
  await app.run('npx', 'tsc', '-p', 'tools.json', '--types', 'node', '--skipLibCheck')
})

/** As templates have it, with every type checked that comes along. */
function compilerOptions(lib: string, ...files: string[]): string {
  const target = 'ES2022'
  const module = { module: 'ESNext', moduleResolution: 'bundler' }
  return JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, target, ...module, lib: [target, lib], types: [] },
    files,
  })
}
