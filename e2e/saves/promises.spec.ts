import { type App, CHAT, SAVES } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

const signIn = (app: App, name: string | null) =>
  app.evaluate((name) => window.e2e.keeper?.setPrincipal(name), name)

const stored = (app: App) => app.evaluate(async () => (await window.e2e.keeper?.streams()) ?? [])

/** Deletes databases of ours, or all of them, as browsers do without a word. */
function loseDatabases(app: App, part = 'streamkeeper ') {
  return app.evaluate(async (part) => {
    for (const { name = '' } of await indexedDB.databases()) {
      if (!name.startsWith(part)) continue
      await new Promise((resolve) => {
        indexedDB.deleteDatabase(name).addEventListener('success', resolve)
      })
    }
  }, part)
}

/** Keeps the journal busy for so long: whoever wants to read it waits. Resolves when it is; `isFree` is when it is not. */
function holdJournal(app: App, ms: number) {
  return app.evaluate(async (ms) => {
    const names = (await indexedDB.databases()).map(({ name = '' }) => name)
    const name = names.find((each) => each.startsWith('streamkeeper answers')) ?? ''
    const until = Date.now() + ms
    await new Promise<void>((resolve) => {
      indexedDB.open(name).addEventListener('success', ({ target }) => {
        const { result: database } = target as IDBOpenDBRequest
        const transaction = database.transaction(['answers', 'bytes'], 'readwrite')
        const again = () => {
          if (Date.now() > until) {
            Object.assign(window, { isFree: true })
            return database.close()
          }
          transaction.objectStore('answers').count().addEventListener('success', again)
        }
        again()
        resolve()
      })
    })
  }, ms)
}

test('S1 the index is lost with its keys, and nobody provides credentials: every message arrives', async ({
  app,
  server,
  killWorker,
}) => {
  const session = crypto.randomUUID()
  await app.start({ saves: [SAVES] })
  await server.stop()
  for (const id of ['1', '2', '3']) await app.save(session, id)
  await killWorker()
  await loseDatabases(app)
  await server.start()
  await app.reload()
  await app.flush()
  await expect.poll(() => server.messages(session)).toMatchObject([{ id: '1' }, { id: '2' }, { id: '3' }])
  await expect.poll(app.outbox).toEqual([])
  expect(await app.statuses('save_needs_auth')).toEqual([])
})

test('S1 so it does where secrets are never stored', async ({ app, server, killWorker }) => {
  const session = crypto.randomUUID()
  await app.start({ saves: [SAVES], outbox: { authorization: 'ask-page' } })
  await server.stop()
  await app.save(session, '1')
  await killWorker()
  await server.start()
  await app.reload()
  await app.flush()
  await expect.poll(() => server.messages(session)).toHaveLength(1)
})

test('S2 what a page sends in the turn in which it names its person is that person’s', async ({
  app,
  server,
}) => {
  const session = crypto.randomUUID()
  await app.start({ saves: [SAVES] })
  await signIn(app, 'ada')
  await app.page.goto('about:blank')
  await server.behave({ mode: 'fail', status: 503 })
  await app.open()
  await app.evaluate(
    async ({ url, saves }) => {
      const registering = window.e2e.register({ saves, principal: 'bob' })
      const saving = fetch(url, {
        method: 'POST',
        body: '{"id":"1","role":"user","content":"Hi","createdAt":1}',
      })
      await Promise.all([registering, saving])
    },
    { url: `/api/sessions/${session}/messages`, saves: [SAVES] },
  )
  expect(await app.outbox()).toHaveLength(1)
  await signIn(app, 'ada')
  expect(await app.outbox()).toEqual([])
  await server.behave({ mode: 'ok' })
  await app.flush()
  expect(await server.messages(session)).toEqual([])
  await signIn(app, 'bob')
  await expect.poll(() => server.messages(session)).toHaveLength(1)
})

test('S2 a worker that wakes under load files a message under who is signed in', async ({
  app,
  server,
  killWorker,
}) => {
  const session = crypto.randomUUID()
  await app.start({ saves: [SAVES] })
  await signIn(app, 'ada')
  await server.behave({ mode: 'fail', status: 503 })
  await killWorker()
  // Another transaction has the database: the worker that is started now waits for it.
  await app.evaluate(async () => {
    const names = (await indexedDB.databases()).map(({ name = '' }) => name)
    const name = names.find((each) => each.startsWith('streamkeeper principal')) ?? ''
    await new Promise<void>((resolve) => {
      indexedDB.open(name).addEventListener('success', ({ target }) => {
        const { result: database } = target as IDBOpenDBRequest
        const transaction = database.transaction('principal', 'readwrite')
        const until = Date.now() + 1_000
        const again = () => {
          if (Date.now() > until) return database.close()
          transaction.objectStore('principal').count().addEventListener('success', again)
        }
        again()
        resolve()
      })
    })
  })
  expect((await app.save(session, '1')).status).toBe(202)
  expect(await app.outbox()).toHaveLength(1)
  await signIn(app, null)
  expect(await app.outbox()).toEqual([])
})

test('S3 clear() waits for a journal that is busy, and then nothing is left', async ({ app, killWorker }) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [], answer: { tokens: 20, tokensPerSecond: 1_000 } })
  await chat.ended()
  await expect.poll(() => stored(app)).toMatchObject([{ state: 'ended', deliveredWhole: true }])
  await app.reload()
  await killWorker()
  await holdJournal(app, 1_000)
  await app.evaluate(() => window.e2e.keeper?.clear())
  expect(await stored(app)).toEqual([])
  await app.page.waitFor(() => (window as unknown as { isFree?: boolean }).isFree)
  expect(await stored(app)).toEqual([])
  await killWorker()
  expect(await stored(app)).toEqual([])
})

test('S4 a response whose bytes were lost in part is given as broken, one that is only late as whole', async ({
  app,
  killWorker,
}) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [], answer: { tokens: 60, tokensPerSecond: 60 } })
  const { chunks } = await chat.ended()
  const text = chunks.map((each) => each.text).join('')
  await expect.poll(() => stored(app)).toMatchObject([{ state: 'ended', deliveredWhole: true }])
  const [{ requestId } = { requestId: '' }] = await stored(app)
  await app.reload()
  await killWorker()
  await holdJournal(app, 1_000)
  const late = await app.call(`/__streamkeeper/streams/${requestId}`, { method: 'GET' })
  const whole = await late.ended()
  expect([whole.state, whole.chunks.map((each) => each.text).join('')]).toEqual(['whole', text])

  await killWorker()
  await app.evaluate(async () => {
    const names = (await indexedDB.databases()).map(({ name = '' }) => name)
    const name = names.find((each) => each.startsWith('streamkeeper answers')) ?? ''
    await new Promise<void>((resolve) => {
      indexedDB.open(name).addEventListener('success', ({ target }) => {
        const { result: database } = target as IDBOpenDBRequest
        const transaction = database.transaction('bytes', 'readwrite')
        const bytes = transaction.objectStore('bytes')
        bytes.getAllKeys().addEventListener('success', ({ target: keys }) => {
          const last = (keys as IDBRequest<IDBValidKey[]>).result.at(-1)
          if (last) bytes.delete(last)
        })
        transaction.addEventListener('complete', () => {
          database.close()
          resolve()
        })
      })
    })
  })
  for (let times = 0; times < 2; times++) {
    const partly = await app.call(`/__streamkeeper/streams/${requestId}`, { method: 'GET' })
    expect((await partly.ended()).state).toBe('failed')
  }
})

test('F19 a click on a download, then a reload: what was read is not given again', async ({
  app,
  provider,
}) => {
  await app.start({
    chat: [`${provider.url}/chat`],
    resume: { route: '/api/chat/:id/stream', key: 'body.id', onAbort: 'detach' },
  })
  const asked = provider.asked()
  const chat = await app.call(`${provider.url}/chat`, { body: '{"id":"c1","stream":true}' })
  const answer = await asked
  answer.begin({ 'Content-Type': 'text/event-stream' })
  answer.say('data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n')
  await chat.begun()
  // The browser asks the page whether it may go, and then finds that it need not.
  await app.evaluate(() => {
    const file = document.createElement('a')
    file.href = 'data:application/octet-stream,file'
    file.download = 'file'
    const mail = document.createElement('a')
    mail.href = 'mailto:nobody@example.com'
    document.body.append(file, mail)
    file.click()
    mail.click()
    dispatchEvent(new Event('beforeunload'))
  })
  answer.say('data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
  await answer.end('end')
  expect((await chat.ended()).state).toBe('whole')
  await app.reload()
  const resumed = await app.call('/api/chat/c1/stream', { method: 'GET' })
  expect((await resumed.ended()).status).toBe(204)
})

test('F24 a dedicated Worker that is terminated has stopped its chat', async ({ app, provider }) => {
  await app.start({ chat: [`${provider.url}/chat`] })
  const asked = provider.asked()
  await app.evaluate((url) => {
    const script = `fetch(${JSON.stringify(url)}, { method: 'POST', body: '{"stream":true}' })
      .then(async ({ body }) => {
        const reader = body.getReader()
        while (!(await reader.read()).done) postMessage('read')
      })`
    // A blob's Worker has its page's worker.
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })))
    Object.assign(window, { worker, hasRead: false })
    worker.addEventListener('message', () => Object.assign(window, { hasRead: true }))
  }, `${provider.url}/chat`)
  const answer = await asked
  answer.begin({ 'Content-Type': 'text/event-stream' })
  answer.say('data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n')
  await app.page.waitFor(() => (window as unknown as { hasRead: boolean }).hasRead)
  await app.evaluate(() => (window as unknown as { worker: Worker }).worker.terminate())
  await answer.closed
  expect(await app.told('request_cancelled')).toMatchObject([{ by: 'page' }])
})
