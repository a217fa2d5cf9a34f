import { type App, CHAT, SAVES } from '../support/app.ts'
import { openNamedSite } from '../support/named-site.ts'
import { expect, test } from '../support/test.ts'
import type { TestServer } from '../support/test-server.ts'

const options = { chat: [CHAT], saves: [SAVES] }

/** How a page comes to have no worker of ours, and what it is told. */
const cases: [name: string, reason: string, register: (app: App) => ReturnType<App['register']>][] = [
  [
    'its policy forbids workers',
    'blocked',
    async (app) => {
      await app.evaluate(() => {
        const policy = document.createElement('meta')
        policy.httpEquiv = 'Content-Security-Policy'
        policy.content = "worker-src 'none'"
        document.head.append(policy)
      })
      return app.register(options)
    },
  ],
  ['the worker’s file is missing', 'blocked', (app) => app.register(options, '/no-such-file.js')],
  ['a page is served where its file should be', 'blocked', (app) => app.register(options, '/e2e/site/')],
  [
    'its copied worker is another version',
    'version_mismatch',
    (app) => app.register(options, '/older-sw.js'),
  ],
  ['another script is at its scope', 'other_worker', registerBesideAnother],
  ['it lies out of scope', 'out_of_scope', (app) => app.register({ ...options, scope: '/elsewhere/' })],
]

for (const [name, reason, register] of cases) {
  test(`a page works as before and says so: ${name}`, async ({ app, server }) => {
    await app.open()
    expect(await register(app)).toEqual({ state: 'fallback', reason })
    await worksAsBefore(app, server)
  })
}

test('a page that is not served securely says so, and has the same engine by keeper.fetch', async ({
  server,
}) => {
  const { app, close } = await openNamedSite(server, () => [])
  await app.open()
  expect(await app.register(options)).toEqual({ state: 'fallback', reason: 'insecure' })
  const plain = await app.chat({ steps: [{ kind: 'status', status: 503 }] })
  expect((await plain.ended()).status).toBe(503)
  const chat = await app.chat({ steps: [{ kind: 'status', status: 502 }] }, {}, { by: 'keeperFetch' })
  expect(await chat.ended()).toMatchObject({ state: 'whole', status: 200 })
  await close()
})

for (const [name, , register] of cases.filter(([, reason]) => reason !== 'version_mismatch')) {
  test(`a sign-in and a sign-out wait for nothing: ${name}`, async ({ app }) => {
    await app.open()
    await register(app)
    expect(await signOutAndIn(app)).toEqual(['clear', 'outbox.clear', 'null', 'user'])
  })
}

test('a sign-out is told that a worker of ours, which may keep something, does not do it', async ({
  app,
}) => {
  await app.open()
  await app.register(options, '/older-sw.js')
  await expect(signOutAndIn(app)).rejects.toThrow('no worker')
})

test('another script at the scope is never replaced', async ({ app }) => {
  await app.open()
  await registerBesideAnother(app)
  const scripts = await app.evaluate(async () => {
    const registrations = await navigator.serviceWorker.getRegistrations()
    return registrations.map(({ active, installing, waiting }) =>
      [active, installing, waiting].map((worker) => worker && new URL(worker.scriptURL).pathname),
    )
  })
  expect(scripts).toEqual([['/other-sw.js', null, null]])
  expect(await app.evaluate(async () => (await fetch('/whose')).text())).toBe('theirs')
})

test('without a worker keeper.fetch has the same engine in the page', async ({ app }) => {
  await app.open()
  await app.register({ ...options, retry: { baseMs: 50 } }, '/no-such-file.js')
  const limited = { kind: 'status', status: 429, hint: { form: 'retry-after', ms: 1_000 } } as const
  const steps = [{ kind: 'status', status: 502 }, limited] as const
  const chat = await app.chat({ steps }, {}, { by: 'keeperFetch' })
  const { state, status } = await chat.ended()
  expect([state, status]).toEqual(['whole', 200])
  expect((await chat.log()).map(({ status }) => status)).toEqual([502, 429, 200])
  expect(await app.told('rate_limit_retry')).toMatchObject([{ attempt: 3, own: true }])
})

test('without a worker streamChat still gives chunks and statuses', async ({ app }) => {
  await app.open()
  await app.register({ ...options, retry: { baseMs: 50 } }, '/no-such-file.js')
  const chat = await app.chat({ steps: [{ kind: 'status', status: 502 }] }, {}, { by: 'streamChat' })
  const { state, items, statuses } = await chat.ended()
  expect([state, items.length > 0]).toEqual(['whole', true])
  expect(statuses.map(({ status }) => status)).toContain('server_retry')
})

const signOutAndIn = (app: App) =>
  app.evaluate(async () => {
    const { keeper } = window.e2e
    const done: string[] = []
    await keeper?.clear().then(() => done.push('clear'))
    await keeper?.outbox.clear().then(() => done.push('outbox.clear'))
    for (const id of [null, 'user']) await keeper?.setPrincipal(id).then(() => done.push(String(id)))
    return done
  })

/** The app's own `fetch` is what it was: nothing retried, nothing queued, nothing added. */
async function worksAsBefore(app: App, server: TestServer): Promise<void> {
  const good = await app.chat({ steps: [] })
  expect(await good.ended()).toMatchObject({ state: 'whole', status: 200, type: 'basic' })
  const bad = await app.chat({ steps: [{ kind: 'status', status: 503 }] })
  const { status, headers } = await bad.ended()
  expect([status, headers['x-streamkeeper-id']]).toEqual([503, undefined])
  const [attempt, ...others] = await bad.log()
  expect([others.length, attempt?.headers['x-streamkeeper-id']]).toEqual([0, undefined])
  expect(await app.evaluate(() => window.e2e.keeper?.headers('mine'))).toEqual({})

  const session = crypto.randomUUID()
  expect((await app.save(session, '1')).status).toBe(201)
  expect(await server.messages(session)).toHaveLength(1)
}

async function registerBesideAnother(app: App): ReturnType<App['register']> {
  await app.evaluate(() => navigator.serviceWorker.register('/other-sw.js').then(() => {}))
  await app.page.waitFor(() => navigator.serviceWorker.controller !== null)
  return app.register(options)
}
