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

test('its types say what each entry gives', async ({ app }) => {
  await app.write({
    'package.json': '{ "name": "fresh", "private": true, "type": "module" }',
    'page.json': compilerOptions('DOM', 'page.ts', 'server.ts'),
    'worker.json': compilerOptions('WebWorker', 'worker.ts'),
    'page.ts': `import { isStatus, register, streamChat, type Keeper } from 'streamkeeper'
const keeper: Keeper = await register('/streamkeeper-sw.js', ${OPTIONS})
keeper.on('rate_limit_retry', ({ retryAfterMs }) => retryAfterMs.toFixed())
// @ts-expect-error -- no such status
keeper.on('rate_limit', () => {})
// @ts-expect-error -- no such option
await register('/streamkeeper-sw.js', { chatt: [] })
for await (const item of streamChat('/v1/chat/completions', { body: {} })) if (isStatus(item)) item.status.trim()
`,
    'worker.ts': `import type { RouteHandlerCallback } from 'workbox-core/types.js'
import { chatHandler, keepStreams, whenIdle } from 'streamkeeper/sw'
keepStreams(${OPTIONS})
const handler: RouteHandlerCallback = chatHandler()
const idle: Promise<void> = whenIdle()
export { handler, idle }
`,
    'server.ts': `import { createResilientFetch } from 'streamkeeper/fetch'
export const resilient: typeof fetch = createResilientFetch({ chat: ['https://api.example/*'] })
`,
  })
  await app.install('typescript')
  await app.run('npx', 'tsc', '-p', 'page.json')
  await app.run('npx', 'tsc', '-p', 'worker.json')
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
