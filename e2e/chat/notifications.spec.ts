import { type App, CHAT } from '../support/app.ts'
import { createDemo, testId } from '../support/demo.ts'
import { expect, test } from '../support/hidden-tabs.ts'

const OPTIONS = {
  chat: [{ url: CHAT, conversation: 'body.conversation' as const }],
  notifications: {
    finished: { title: 'Answered', body: 'text' },
    failed: { title: 'No answer', body: 'Ask again' },
  },
}

/** Half a second of words. */
const ANSWER = { text: 'All is well with us.', tokens: 15, tokensPerSecond: 30 }

/** Asks in that conversation. */
const ask = (app: App, conversation: string, more: object = {}) =>
  app.chat({ steps: [], answer: { ...ANSWER, ...more } }, { conversation })

const unseen = (app: App) => app.evaluate(() => window.e2e.keeper?.getSnapshot().unseen)

test('a response that ends while its page is hidden is told in its first words, one that is looked at is not', async ({
  app,
  grant,
  hideAll,
  notifications,
}) => {
  await grant()
  await app.start(OPTIONS)
  const looked = await ask(app, 'looked-at')
  await looked.ended()
  await hideAll()
  const chat = await ask(app, 'away')
  await expect.poll(notifications).toHaveLength(1)
  const [{ title, body, tag } = { title: '', body: '', tag: '' }] = await notifications()
  expect({ title, tag }).toEqual({ title: 'Answered', tag: 'away' })
  expect(body).toMatch(/^All is well with us\./)
  expect((await chat.ended()).state).toBe('whole')
})

test('another tab of the app in front is looking', async ({ app, grant, hideAll, notifications }) => {
  await grant()
  await app.start(OPTIONS)
  const other = await app.newTab()
  await other.start(OPTIONS)
  const chat = await ask(app, 'other-looks')
  await chat.ended()
  await hideAll()
  await ask(app, 'nobody-looks')
  await expect.poll(notifications).toMatchObject([{ tag: 'nobody-looks' }])
})

for (const [how, go] of [
  ['has loaded', (app: App, url: string) => app.page.goto(url)],
  [
    'has gone to since',
    (app: App, url: string) => app.evaluate((to) => history.pushState(null, '', to), url),
  ],
] as const) {
  test(`a response whose page was closed is told, and a click opens the URL that it ${how}`, async ({
    app,
    clickNotification,
    grant,
    notifications,
  }) => {
    await grant()
    await app.start(OPTIONS)
    await go(app, `${await app.evaluate(() => location.href)}?chat=7`)
    await app.register(OPTIONS)
    const chat = await ask(app, 'closed', { pauses: [{ afterTokens: 5, ms: 2_500 }] })
    await chat.begun()
    await app.page.close()
    await expect.poll(notifications).toMatchObject([{ title: 'Answered', tag: 'closed' }])
    expect(await clickNotification('closed')).toEqual(['open /e2e/site/?chat=7'])
    await expect.poll(notifications).toEqual([])
  })
}

test('a click shows the page that asked', async ({
  app,
  clickNotification,
  grant,
  hideAll,
  notifications,
}) => {
  await grant()
  await app.start(OPTIONS)
  await app.page.goto(`${await app.evaluate(() => location.href)}?asked`)
  await app.register(OPTIONS)
  const other = await app.newTab()
  await other.start(OPTIONS)
  await hideAll()
  await ask(app, 'asked')
  await expect.poll(notifications).toHaveLength(1)
  expect(await clickNotification('asked')).toEqual(['focus ?asked'])
  await expect.poll(notifications).toEqual([])
})

test('a failure is told in the words for it, what the person stopped is not', async ({
  app,
  grant,
  hideAll,
  notifications,
}) => {
  await grant()
  await app.start(OPTIONS)
  const stopped = await ask(app, 'stopped', { tokens: 3_000 })
  await stopped.begun()
  const [started] = await app.told('request_started')
  await hideAll()
  await app.cancel(started?.requestId ?? '')
  await app.told('request_cancelled')
  await app.chat({ steps: [{ kind: 'status', status: 400 }] }, { conversation: 'refused' })
  await expect.poll(notifications).toEqual([{ title: 'No answer', body: 'Ask again', tag: 'refused' }])
})

test('a failure that its client tries again by itself is not told, and what comes of that is', async ({
  app,
  grant,
  hideAll,
  notifications,
}) => {
  await grant()
  await app.start({ ...OPTIONS, retry: { networkBudgetMs: 0 } })
  await hideAll()
  const init = {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      model: 'demo-small',
      stream: true,
      messages: [{ role: 'user', content: 'Hello' }],
      conversation: 'again',
      fault: { id: crypto.randomUUID(), steps: [{ kind: 'status', status: 400 }], answer: ANSWER },
    }),
  }
  expect((await (await app.call(CHAT, init)).ended()).status).toBe(400)
  const again = await app.call(CHAT, init)
  expect((await again.ended()).status).toBe(200)
  await expect.poll(() => unseen(app)).toEqual({ again: 1 })
  await expect.poll(notifications).toMatchObject([{ title: 'Answered', tag: 'again' }])
  expect(await unseen(app)).toEqual({ again: 1 })
})

test('an EventSource that its worker took with it is neither told nor unseen', async ({
  app,
  grant,
  hideAll,
  killWorker,
  notifications,
  provider,
}) => {
  const url = `${provider.url}/v1/feed`
  await grant()
  await app.start({
    ...OPTIONS,
    chat: [...OPTIONS.chat, { url, method: 'GET', stream: true, conversation: 'path' }],
  })
  const feed = await app.call(url, {}, 'eventSource')
  const answer = await provider.asked()
  answer.begin({ 'content-type': 'text/event-stream' })
  answer.say('data: {"choices":[{"delta":{"content":"one"}}]}\n\n')
  await expect.poll(async () => (await feed.now()).items).toHaveLength(1)
  // Its bytes come to disk a moment later: what is lost before that fails as well.
  await expect.poll(() => app.evaluate(readBatches)).toBeGreaterThan(0)
  await hideAll()
  await killWorker()
  await app.evaluate(() => window.e2e.keeper?.streams())
  expect(await app.told('request_failed')).toMatchObject([{ code: 'worker_lost' }])
  await ask(app, 'after')
  await expect.poll(() => unseen(app)).toEqual({ after: 1 })
  await expect.poll(notifications).toMatchObject([{ tag: 'after' }])
})

/** How many pieces of responses are on disk. Runs in the page. */
async function readBatches(): Promise<number> {
  const asked = indexedDB.open(`streamkeeper answers ${location.origin}/`)
  await new Promise((resolve) => asked.addEventListener('success', resolve))
  const counting = asked.result.transaction('bytes').objectStore('bytes').count()
  await new Promise((resolve) => counting.addEventListener('success', resolve))
  asked.result.close()
  return counting.result
}

test('without the person’s permission there is a mark, and nothing else', async ({
  app,
  hideAll,
  notifications,
}) => {
  await app.start(OPTIONS)
  await hideAll()
  await ask(app, 'quiet')
  await expect.poll(() => unseen(app)).toEqual({ quiet: 1 })
  expect(await notifications()).toEqual([])
})

test('what is kept in memory alone is told without its words', async ({
  app,
  grant,
  hideAll,
  notifications,
}) => {
  await grant()
  await app.start({ ...OPTIONS, chat: [{ url: CHAT, conversation: 'body.conversation', journal: 'memory' }] })
  await hideAll()
  await ask(app, 'secret')
  await expect.poll(notifications).toEqual([{ title: 'Answered', body: '', tag: 'secret' }])
})

test('somebody else who signs in, or clear(), closes what is shown', async ({
  app,
  grant,
  hideAll,
  notifications,
}) => {
  await grant()
  await app.start({ ...OPTIONS, principal: 'ada' })
  await hideAll()
  await ask(app, 'hers')
  await expect.poll(notifications).toMatchObject([{ tag: 'hers' }])
  // A chat that is still under way after she has left causes no notification either.
  const late = await ask(app, 'late')
  await late.begun()
  await app.evaluate(() => window.e2e.keeper?.setPrincipal('bob'))
  await expect.poll(notifications).toEqual([])
  await ask(app, 'his')
  await expect.poll(notifications).toMatchObject([{ tag: 'his' }])
  await app.evaluate(() => window.e2e.keeper?.clear())
  await expect.poll(notifications).toEqual([])
  expect(await unseen(app)).toEqual({})
})

test('beside an app’s own worker each hears its own clicks', async ({
  app,
  bundle,
  clickNotification,
  grant,
  hideAll,
  host,
  notifications,
}) => {
  await grant()
  await host(app, await bundle('notifying'))
  await app.register({}, null)
  await hideAll()
  const chat = await app.chat({ steps: [], answer: ANSWER })
  await chat.ended()
  await app.evaluate(() => navigator.serviceWorker.controller?.postMessage('news'))
  await expect
    .poll(async () => (await notifications()).map(({ title }) => title).sort())
    .toEqual(['Answered', 'News'])
  const ours = (await notifications()).find(({ title }) => title === 'Answered')
  expect(await clickNotification('news')).toEqual(['open /news'])
  expect(await clickNotification(ours?.tag ?? '')).toEqual(['focus '])
})

test('the demo asks when its person clicks, and tells what comes from then on', async ({
  grant,
  hideAll,
  notifications,
  server,
  tab,
}) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await tab.click(testId('settings-button'))
  const note = testId('notifications-note')
  expect(await tab.textContent(note)).toContain('can be shown by your system')
  await grant() // The user's decision.
  await tab.click(testId('ask-notifications'))
  await tab.waitFor(
    (selector) => document.querySelector(selector)?.textContent?.includes('are shown by your system'),
    note,
  )
  await tab.evaluate(() => document.querySelector('dialog')?.close())
  await demo.chooseFault('pause-in-the-middle')
  await demo.send('Tell me about the sea')
  await demo.answer('streaming', 1)
  await hideAll()
  await expect.poll(notifications).toMatchObject([{ title: 'Your answer is ready' }])
  const [{ body } = { body: '' }] = await notifications()
  expect(body.length).toBeGreaterThan(20)
})
