import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startServer } from './start-server.ts'
import { chat, fault, readUntil } from './testing/chat.ts'
import { openSession } from './testing/history.ts'

const folder = await mkdtemp(join(tmpdir(), 'streamkeeper-demo-'))
const site = join(folder, 'site')
await mkdir(join(site, 'page'), { recursive: true })
await writeFile(join(site, 'index.html'), '<h1>Demo</h1>')
await writeFile(join(site, 'page/index.html'), '<h1>Page</h1>')
await writeFile(join(site, 'app.js'), 'export {}')
await writeFile(join(folder, 'secret.txt'), 'secret')
await symlink(join(folder, 'secret.txt'), join(site, 'link.txt'))
const server = await startServer({ site })
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

test('the site is served with its types, and is asked for again each time', async () => {
  const page = await fetch(`${server.url}/`)
  expect(await page.text()).toBe('<h1>Demo</h1>')
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('cache-control')).toBe('no-cache')
  expect(await (await fetch(`${server.url}/page/`)).text()).toBe('<h1>Page</h1>')
  const script = await fetch(`${server.url}/app.js`, { method: 'HEAD' })
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect(script.headers.get('content-length')).toBe('9')
  expect(await script.text()).toBe('')
  const etag = script.headers.get('etag')!
  const again = await fetch(`${server.url}/app.js`, { headers: { 'If-None-Match': etag } })
  expect(again.status).toBe(304)
  expect((await fetch(`${server.url}/nothing.js`)).status).toBe(404)
  expect((await fetch(`${server.url}/`, { method: 'POST' })).status).toBe(405)
})

test.each(['/../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt', '/link.txt', '/%00', '/%', '/page'])(
  'nothing outside of the site is served: %s',
  async (path) => {
    // `fetch` would tidy the path; a raw request does not.
    const sent = request({ host: '127.0.0.1', port: server.port, path }).end()
    const [response] = await once(sent, 'response')
    response.resume()
    expect(response.statusCode).toBe(404)
  },
)

test('a stop breaks open streams and frees the port; the history is still there after the start', async () => {
  const database = join(folder, 'history.sqlite')
  const first = await startServer({ database, tokensPerSecond: () => 0 })
  const { save, session } = openSession(first)
  await save('1')
  const body = {
    fault: fault([{ kind: 'answer', text: 'one two', pauses: [{ afterTokens: 1, ms: 'forever' }] }]),
  }
  const response = await chat(first, body)
  await readUntil(response, 'one')
  await first.close()
  await expect(response.text()).rejects.toThrow()
  await expect(fetch(first.url)).rejects.toThrow()

  const second = await startServer({ database, port: first.port })
  const messages = await fetch(`${second.url}/api/sessions/${session}/messages`)
  expect(await messages.json()).toMatchObject([{ id: '1' }])
  await second.close()
})

test('a busy port is said', async () => {
  await expect(startServer({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('the command prints its one line, and ends when it is asked to', async () => {
  const command = spawn(process.execPath, [join(import.meta.dirname, 'serve.ts')], {
    env: { ...process.env, PORT: '0', DATABASE: ':memory:', UPSTREAM_URL: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(command.stdout, 'data')) as [Buffer]
  expect(line.toString()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/)
  expect((await fetch(`${line.toString().trim()}v1/models`)).status).toBe(200)
  command.kill('SIGTERM')
  expect(await once(command, 'exit')).toEqual([0, null])
})
