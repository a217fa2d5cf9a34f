import { type App, CHAT } from '../support/app.ts'
import { createDemo, testId } from '../support/demo.ts'
import { expect, test } from '../support/hidden-tabs.ts'

const OPTIONS = { chat: [{ url: CHAT, conversation: 'body.conversation' as const }] }

const ask = (app: App, conversation: string) =>
  app.chat({ steps: [], answer: { tokens: 15, tokensPerSecond: 30 } }, { conversation })

const unseen = (app: App) => app.evaluate(() => window.e2e.keeper?.getSnapshot().unseen)

test('what ended while nobody looked is counted by conversation, in every tab, until it is seen', async ({
  app,
  hideAll,
}) => {
  await app.start(OPTIONS)
  const looked = await ask(app, 'a')
  await looked.ended()
  const other = await app.newTab()
  await other.start(OPTIONS)
  await hideAll()
  await Promise.all([ask(app, 'b'), ask(other, 'c'), ask(app, 'b')])
  for (const each of [app, other]) await expect.poll(() => unseen(each)).toEqual({ b: 2, c: 1 })
  await app.evaluate(() => window.e2e.keeper?.seen('b'))
  expect(await unseen(app)).toEqual({ c: 1 })
  await expect.poll(() => unseen(other)).toEqual({ c: 1 })
})

test('it outlives the worker, and belongs to whoever is signed in', async ({ app, hideAll, killWorker }) => {
  await app.start({ ...OPTIONS, principal: 'ada' })
  await hideAll()
  await ask(app, 'hers')
  await expect.poll(() => unseen(app)).toEqual({ hers: 1 })
  await killWorker()
  await app.reload()
  await expect.poll(() => unseen(app)).toEqual({ hers: 1 })
  const other = await app.newTab()
  await other.start({ ...OPTIONS, principal: 'ada' })
  await app.evaluate(() => window.e2e.keeper?.setPrincipal('bob'))
  for (const each of [app, other]) await expect.poll(() => unseen(each)).toEqual({})
  await app.evaluate(() => window.e2e.keeper?.setPrincipal('ada'))
  for (const each of [app, other]) await expect.poll(() => unseen(each)).toEqual({ hers: 1 })
  await app.evaluate(() => window.e2e.keeper?.clear())
  for (const each of [app, other]) await expect.poll(() => unseen(each)).toEqual({})
})

test('the demo marks a conversation in which a response came unseen, until it is opened', async ({
  hideAll,
  server,
  tab,
}) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.chooseFault('pause-in-the-middle')
  await demo.send('Tell me about the sea')
  await demo.answer('streaming', 1)
  await tab.click(testId('new-conversation'))
  await hideAll()
  const marked = `${testId('conversation')} ${testId('unseen')}`
  await tab.waitFor((selector) => document.querySelector(selector) !== null, marked)
  expect(await tab.textContent(marked)).toBe('1, one new answer')
  await tab.show()
  await tab.click(`${testId('conversation')} .conversation-name`)
  await tab.waitFor((selector) => document.querySelector(selector) === null, marked)
})

test('the demo marks nothing in the conversation to which its person comes back', async ({
  hideAll,
  server,
  tab,
}) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.chooseFault('pause-in-the-middle')
  await demo.send('Tell me about the sea')
  await demo.answer('streaming', 1)
  await hideAll()
  const marked = `${testId('conversation')} ${testId('unseen')}`
  await tab.waitFor((selector) => document.querySelector(selector) !== null, marked)
  await tab.show()
  await tab.waitFor((selector) => document.querySelector(selector) === null, marked)
})
