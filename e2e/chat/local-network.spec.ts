import { type App, CHAT, SAVES } from '../support/app.ts'
import { openNamedSite } from '../support/named-site.ts'
import { expect, test as base } from '../support/test.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'

interface Fixtures {
  /** A server on this computer, as Ollama is one. */
  near: TestServer
  /** A site that the browser takes for a public one; the person has agreed to nothing yet. */
  publicSite: { app: App; agree: () => Promise<void> }
}

const test = base.extend<Fixtures>({
  near: async ({ site }, use) => {
    const near = await startTestServer(site)
    await use(near)
    await near.close()
  },
  publicSite: async ({ server }, use) => {
    const { app, context, origin, close } = await openNamedSite(server, (origin, port) => [
      `--unsafely-treat-insecure-origin-as-secure=${origin}`,
      `--ip-address-space-overrides=127.0.0.1:${port}=public`,
    ])
    await use({ app, agree: () => context.grantPermissions(['local-network-access'], { origin }) })
    await close()
  },
})

const FAILS_ONCE = { steps: [{ kind: 'status', status: 502 }] } as const

test('what is near is left to the page until the person has agreed, then kept', async ({
  near,
  publicSite,
}) => {
  const { app, agree } = publicSite
  const chat = near.url + CHAT
  await app.start({ chat: [CHAT, chat], saves: [near.url + SAVES] })
  const before = await app.chat(FAILS_ONCE, {}, { url: chat })
  expect((await before.ended()).state).toBe('failed')
  const save = (id: string) =>
    app.evaluate(
      ({ url, id }) =>
        fetch(url, {
          method: 'POST',
          body: JSON.stringify({ id, role: 'user', content: 'x', createdAt: 1 }),
        }).then(({ status }) => status, String),
      { url: `${near.url}/api/sessions/s/messages`, id },
    )
  expect(await save('1')).toContain('TypeError')
  // As without us: no part of it, and no header that the upstream does not know.
  expect(await app.evaluate(() => window.e2e.statuses)).toEqual([])

  await agree()
  const after = await app.chat(FAILS_ONCE, {}, { url: chat })
  expect(await after.ended()).toMatchObject({ state: 'whole', status: 200 })
  expect(await app.told('server_retry')).toHaveLength(1)
  expect((await near.log(after.id)).map(({ status }) => status)).toEqual([502, 200])
  expect(await save('2')).toBe(202)
})

test('what is as public as the page is kept all the while', async ({ publicSite: { app } }) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat(FAILS_ONCE)
  expect(await chat.ended()).toMatchObject({ state: 'whole', status: 200 })
})
