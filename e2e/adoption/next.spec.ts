import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, keepsStreamsAndMessages, test } from './fresh-app.ts'

test('a fresh Next.js app has it in two lines', async ({ app, page, serve }) => {
  const server = await serve(join(app.folder, 'public'))
  await app.write({
    'package.json': '{ "name": "fresh", "private": true }',
    'public/robots.txt': '',
    'next.config.mjs': `export default {
  rewrites: async () =>
    ['/v1/:path*', '/api/:path*'].map((source) => ({ source, destination: '${server.url}' + source })),
}\n`,
    'app/layout.jsx': `import { Keeper } from './keeper'
export default function Layout({ children }) {
  return <html lang="en"><body><Keeper />{children}</body></html>
}\n`,
    'app/keeper.jsx': `'use client'
import { createKeeper } from 'streamkeeper'
createKeeper('/streamkeeper-sw.js', { chat: ['/v1/chat/completions'], saves: ['/api/sessions/:session/messages'] })
export function Keeper() {
  return null
}\n`,
    'app/page.jsx': `export default function Page() {
  return <main>Fresh</main>
}\n`,
  })
  await app.install('next@16', 'react', 'react-dom')
  await app.run('npx', 'streamkeeper', 'init', 'public')
  await app.run('npx', 'next', 'build')
  const next = spawn(
    process.execPath,
    ['node_modules/next/dist/bin/next', 'start', '-p', '0', '-H', '127.0.0.1'],
    { cwd: app.folder },
  )
  try {
    let printed = ''
    next.stdout.on('data', (data: Buffer) => (printed += data.toString()))
    await expect.poll(() => printed, { timeout: 60_000 }).toMatch(/Ready/)
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? ''
    await keepsStreamsAndMessages(page, url, server)
  } finally {
    next.kill()
  }
})
