import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CHAT } from '../support/app.ts'
import { expect, test } from '../support/test.ts'
import { startTestServer } from '../support/test-server.ts'

const limited = { kind: 'status', status: 429, hint: { form: 'retry-after-ms', ms: 20 } } as const
const answer = { text: 'Yes, and all of it.', tokensPerSecond: 100 }

for (const place of ['the app’s own origin', 'another origin'] as const) {
  test(`twenty chats in a row, five of them refused first, use one connection to ${place}`, async ({
    app,
    server,
    site,
  }) => {
    const provider = place === 'another origin' ? await startTestServer(site) : server
    const url = provider.url + CHAT
    // Another origin's hint is hidden from the worker: there its own wait counts.
    await app.start({ chat: [url], retry: { jitterMs: 0, rateLimitBaseMs: 20 } })
    for (let nth = 1; nth <= 20; nth++) {
      const chat = await app.chat({ steps: nth % 4 === 0 ? [limited] : [], answer }, {}, { url })
      const { state, status } = await chat.ended()
      expect([state, status]).toEqual(['whole', 200])
    }
    const posts = (await provider.log()).filter(({ method }) => method === 'POST')
    const refused = posts.filter(({ status }) => status === 429)
    expect([posts.length, refused.length]).toEqual([25, 5])
    expect(new Set(posts.map(({ socket }) => socket)).size).toBe(1)
    if (provider !== server) await provider.close()
  })
}

test('forty messages, sent after an outage, use four connections', async ({ app }) => {
  let isUp = false
  const sockets = new Set<unknown>()
  const received: string[] = []
  const api = createServer((req, res) => {
    const headers = { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'application/json' }
    req.resume().on('end', () => {
      if (isUp) {
        received.push(req.url ?? '')
        sockets.add(req.socket)
      }
      res.writeHead(isUp ? 201 : 503, headers).end('{}')
    })
  })
  await new Promise<void>((listening) => void api.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/`
  await app.start({ saves: [`${url}:conversation`] })
  for (let n = 0; n < 40; n++) {
    const save = await app.call(`${url}${n % 10}`, {
      headers: { 'Content-Type': 'text/plain' },
      body: `${n}`,
    })
    expect((await save.ended()).status).toBe(202)
  }
  isUp = true
  await app.flush()
  await expect.poll(() => received.length).toBe(40)
  expect(sockets.size).toBeLessThanOrEqual(4)
  api.closeAllConnections()
  await new Promise((closed) => api.close(closed))
})
