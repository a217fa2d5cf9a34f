import { type App, SAVES } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

// A page’s messages to its worker may overtake its requests, or be overtaken by them: most of all while the worker starts.

const ROUNDS = 4

/** In one turn of the page: `first` is saved, something is asked of the keeper, `last` is saved. */
const saveAround = (app: App, what: 'bob signs in' | 'clear()', first: string, last?: string) =>
  app.evaluate(
    async ({ what, first, last }) => {
      const { keeper } = window.e2e
      const save = async (session: string) => {
        const body = JSON.stringify({ id: '1', role: 'user', content: 'Hello', createdAt: 1 })
        const headers = { 'Content-Type': 'application/json' }
        return (await fetch(`/api/sessions/${session}/messages`, { method: 'POST', headers, body })).status
      }
      const saving = [save(first)]
      const asking = what === 'clear()' ? keeper?.clear() : keeper?.setPrincipal('bob')
      if (last) saving.push(save(last))
      await asking
      return Promise.all(saving)
    },
    { what, first, last },
  )

const signIn = (app: App, name: string) => app.evaluate((name) => window.e2e.keeper?.setPrincipal(name), name)

const sessions = async (app: App) => (await app.outbox()).map(({ url }) => url.split('/').at(-2))

for (const principal of [undefined, 'ann']) {
  test(`a page that clears and signs in another as it loads does both, in this order: its option ${principal}`, async ({
    app,
    server,
  }) => {
    await app.start({ saves: [SAVES], principal: 'ann' })
    await server.behave({ session: 's', mode: 'reset' })
    await app.save('s', '1')
    expect(await sessions(app)).toEqual(['s'])
    await app.open()
    await app.evaluate(
      async ({ saves, principal }) => {
        const keeper = window.streamkeeper.createKeeper('/streamkeeper-sw.js', {
          saves: [saves],
          ...(principal ? { principal } : {}),
        })
        window.e2e.keeper = keeper
        await Promise.all([keeper.clear(), keeper.setPrincipal('bob')])
        await keeper.ready
      },
      { saves: SAVES, principal },
    )
    await app.save('t', '2')
    await signIn(app, 'ann')
    expect(await sessions(app)).toEqual([])
    await signIn(app, 'bob')
    await expect.poll(() => server.messages('t')).toHaveLength(1)
  })
}

test('of two keepers of a page the one that was made last says who is signed in', async ({ app, server }) => {
  await app.start({ saves: [SAVES], principal: 'ann' })
  await server.behave({ session: 's', mode: 'reset' })
  await app.open()
  await app.evaluate(async (saves) => {
    const make = (principal: string) =>
      window.streamkeeper.createKeeper('/streamkeeper-sw.js', { saves: [saves], principal })
    const ready = [make('cat').ready, make('bob').ready]
    window.e2e.keeper = make('bob')
    await Promise.all(ready)
  }, SAVES)
  await app.save('s', '1')
  expect(await sessions(app)).toEqual(['s'])
  await signIn(app, 'ann')
  expect(await sessions(app)).toEqual([])
  await signIn(app, 'bob')
  expect(await sessions(app)).toEqual(['s'])
})

for (const worker of ['a stopped worker', 'a running worker']) {
  test(`what a page asks as it goes is done: ${worker}`, async ({ app, server, killWorker }) => {
    const options = { saves: [SAVES] }
    await app.start(options)
    await server.behave({ session: 's', mode: 'reset' })
    await signIn(app, 'ann')
    await app.save('s', '1')
    expect(await sessions(app)).toEqual(['s'])
    if (worker === 'a stopped worker') await killWorker()
    await app.evaluate(() => {
      addEventListener('pagehide', () => {
        void window.e2e.keeper?.clear()
        void window.e2e.keeper?.setPrincipal('bob')
      })
    })
    await app.page.goto('about:blank')
    await server.behave({ session: 's', mode: 'ok' })
    await app.start(options)
    expect(await sessions(app)).toEqual([])
    await signIn(app, 'ann')
    expect(await sessions(app)).toEqual([])
    expect(await server.messages('s')).toEqual([])
  })
}

for (const worker of ['a stopped worker', 'a running worker']) {
  test(`what was sent before another signs in is filed under its sender: ${worker}`, async ({
    app,
    server,
    killWorker,
  }) => {
    await app.start({ saves: [SAVES] })
    await server.stop()
    const hers: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const session = crypto.randomUUID()
      hers.push(session)
      await signIn(app, 'ann')
      if (worker === 'a stopped worker') await killWorker()
      expect(await saveAround(app, 'bob signs in', session)).toEqual([202])
      expect(await sessions(app)).toEqual([])
    }
    await signIn(app, 'ann')
    expect(await sessions(app)).toEqual(hers)
  })

  test(`clear() deletes what was saved before it, and keeps what is saved after it: ${worker}`, async ({
    app,
    server,
    killWorker,
  }) => {
    await app.start({ saves: [SAVES] })
    await server.stop()
    for (let round = 0; round < ROUNDS; round++) {
      const [before, after] = [crypto.randomUUID(), crypto.randomUUID()]
      if (worker === 'a stopped worker') await killWorker()
      expect(await saveAround(app, 'clear()', before, after)).toEqual([202, 202])
      expect(await sessions(app)).toEqual([after])
      await app.evaluate(() => window.e2e.keeper?.clear())
    }
  })
}

test('what a page saves in one turn is sent in this order, also by a worker that has to be started', async ({
  app,
  server,
  killWorker,
}) => {
  await app.start({ saves: [SAVES] })
  const ids = ['1', '2', '3', '4', '5']
  for (let round = 0; round < ROUNDS; round++) {
    const session = crypto.randomUUID()
    await killWorker()
    await app.evaluate(
      async ({ session, ids }) => {
        const headers = { 'Content-Type': 'application/json' }
        const save = (id: string) => {
          const body = JSON.stringify({ id, role: 'user', content: 'Hello', createdAt: 1 })
          return fetch(`/api/sessions/${session}/messages`, { method: 'POST', headers, body })
        }
        await Promise.all(ids.map(save))
      },
      { session, ids },
    )
    await expect.poll(() => server.messages(session)).toHaveLength(ids.length)
    expect((await server.messages(session)).map(({ id }) => id)).toEqual(ids)
  }
})

test('a worker that dies in a clear(): what was saved before it is gone, what was saved after it is there', async ({
  app,
  server,
  killWorker,
}) => {
  await app.start({ saves: [SAVES] })
  await server.stop()
  for (const afterMs of [0, 3, 6, 9, 12, 18, 24]) {
    const [before, after] = [crypto.randomUUID(), crypto.randomUUID()]
    const saving = saveAround(app, 'clear()', before, after)
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    await killWorker()
    expect([afterMs, await saving]).toEqual([afterMs, [202, 202]])
    // A save whose worker dies before its response may be stored twice.
    expect([afterMs, new Set(await sessions(app))]).toEqual([afterMs, new Set([after])])
    await app.evaluate(() => window.e2e.keeper?.clear())
  }
})
