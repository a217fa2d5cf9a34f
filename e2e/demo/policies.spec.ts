import { type App, CHAT, SAVES } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

const options = { chat: [CHAT], saves: [SAVES] }
const CONTROLLING = { state: 'controlling', reason: undefined }

/** Puts the page under a policy from now on. */
const rule = (app: App, policy: string) =>
  app.evaluate((policy) => {
    const meta = document.createElement('meta')
    meta.httpEquiv = 'Content-Security-Policy'
    meta.content = policy
    document.head.append(meta)
  }, policy)

async function keepsStreams(app: App): Promise<void> {
  const chat = await app.chat({ steps: [{ kind: 'status', status: 502 }] })
  expect(await chat.ended()).toMatchObject({ state: 'whole', status: 200 })
  expect((await app.save('s', '1')).status).toBe(202)
}

test('a strict policy that lets its own scripts be workers is enough', async ({ app }) => {
  await app.open()
  await rule(app, "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'")
  expect(await app.register(options)).toEqual(CONTROLLING)
  await keepsStreams(app)
})

test('where Trusted Types rule, a policy of our name is enough', async ({ app }) => {
  await app.open()
  await rule(app, "require-trusted-types-for 'script'; trusted-types streamkeeper")
  expect(await app.register(options)).toEqual(CONTROLLING)
  await keepsStreams(app)
})

test('or a URL that the app’s own policy has made', async ({ app }) => {
  await app.open()
  await rule(app, "require-trusted-types-for 'script'; trusted-types app")
  const state = await app.evaluate(async (options) => {
    const { trustedTypes } = window as unknown as {
      trustedTypes: {
        createPolicy: (
          name: string,
          rules: { createScriptURL: (url: string) => string },
        ) => { createScriptURL: (url: string) => { toString: () => string } }
      }
    }
    const policy = trustedTypes.createPolicy('app', { createScriptURL: (url) => url })
    const { register, workerUrl } = window.streamkeeper
    const keeper = await register(policy.createScriptURL(workerUrl('/streamkeeper-sw.js', options)), options)
    return keeper.state
  }, options)
  expect(state).toBe('controlling')
  await keepsStreams(app)
})

test('without either the registration is blocked, and the page says so', async ({ app }) => {
  await app.open()
  await rule(app, "require-trusted-types-for 'script'; trusted-types other")
  expect(await app.register(options)).toEqual({ state: 'fallback', reason: 'blocked' })
  const warnings = await app.evaluate(() => window.e2e.warnings)
  expect(
    warnings.filter((text) => /\[streamkeeper\].*(TrustedScriptURL|blocked by CSP)/.test(text)),
  ).toHaveLength(1)
})
