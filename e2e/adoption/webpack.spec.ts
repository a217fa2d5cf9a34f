import { join } from 'node:path'
import { keepsStreamsAndMessages, test } from './fresh-app.ts'

test('a fresh app of webpack has it in two lines', async ({ app, page, serve }) => {
  await app.write({
    'package.json': '{ "name": "fresh", "private": true }',
    'public/index.html': '<!doctype html><title>Fresh</title><script src="/main.js" defer></script>',
    'src/main.js': `import { register } from 'streamkeeper'
register('/streamkeeper-sw.js', { chat: ['/v1/chat/completions'], saves: ['/api/sessions/:session/messages'] })\n`,
    'build.cjs': `const { resolve } = require('node:path')
const entry = './src/main.js'
require('webpack')({ mode: 'production', entry, output: { path: resolve('public'), publicPath: '/' } }, (error, stats) => {
  if (error || stats.hasErrors()) throw error ?? new Error(stats.toString())
})\n`,
  })
  await app.install('webpack@5')
  await app.run('npx', 'streamkeeper', 'init', 'public')
  await app.run('node', 'build.cjs')
  const server = await serve(join(app.folder, 'public'))
  await keepsStreamsAndMessages(page, server.url, server)
})
