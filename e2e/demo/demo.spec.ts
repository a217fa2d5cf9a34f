import { expect, test } from '../support/test.ts'
import { createDemo, testId } from '../support/demo.ts'
import { CHAT } from '../support/app.ts'
import type { TestServer } from '../support/test-server.ts'

test('a message is sent, and its response streams in', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.send('Tell me about service workers')
  const growing = await demo.answer('streaming', 20)
  const { length } = await demo.answer('complete')
  expect(length).toBeGreaterThan(growing.length)
  await expect
    .poll(demo.conversation)
    .toMatchObject([{ role: 'user', content: 'Tell me about service workers' }, { role: 'assistant' }])
})

test('a rate limit is met and passed with a live countdown', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.chooseFault('rate-limited')
  await demo.send('Hello')
  const counts = await demo.countdown(2)
  expect(Math.max(...counts)).toBeLessThanOrEqual(4)
  await demo.answer('complete')
  const log = await chats(server)
  expect(log.map(({ status }) => status)).toEqual([429, 429, 200])
})

test('Stop ends the response, and its upstream', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.chooseFault('slow-typist')
  await demo.send('Hello')
  await demo.answer('streaming', 1)
  await tab.click(testId('stop'))
  await demo.answer('stopped')
  await expect.poll(() => chats(server), { timeout: 5_000 }).toMatchObject([{ closedBy: 'client' }])
})

test('Stop ends a wait, too', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.chooseFault('rate-limited')
  await demo.send('Hello')
  await demo.countdown(1)
  await tab.click(testId('stop'))
  await demo.answer('stopped')
  expect(await chats(server)).toHaveLength(1)
})

test('a reload mid-stream is unremarkable: the response goes on, and is kept once', async ({
  tab,
  server,
}) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.send('Tell me about service workers')
  const before = await demo.answer('streaming', 40)
  await tab.reload()
  const after = await demo.answer('complete')
  expect(after.startsWith(before.slice(0, 20))).toBe(true)
  expect(after.length).toBeGreaterThan(before.length)
  expect(await chats(server)).toHaveLength(1)
  await expect.poll(demo.conversation).toMatchObject([{ role: 'user' }, { role: 'assistant' }])
  await tab.reload()
  expect(await demo.answer('complete')).toBe(after)
})

test('Stop after a reload ends the upstream', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.chooseFault('slow-typist')
  await demo.send('Hello')
  await demo.answer('streaming', 1)
  await tab.reload()
  await demo.answer('streaming', 1)
  await tab.click(testId('stop'))
  await demo.answer('stopped')
  await expect.poll(() => chats(server), { timeout: 5_000 }).toMatchObject([{ closedBy: 'client' }])
})

test('a reload during a wait shows the wait again, and then the response', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.chooseFault('rate-limited')
  await demo.send('Hello')
  await demo.countdown(1)
  await tab.reload()
  await demo.countdown(1)
  await demo.answer('complete')
  expect((await chats(server)).map(({ status }) => status)).toEqual([429, 429, 200])
})

test('a response that arrives in another tab shows in the list, until it has arrived', async ({
  tab,
  server,
}) => {
  const demo = createDemo(tab, server)
  await demo.open()
  const otherTab = await tab.newTab()
  const other = createDemo(otherTab, server)
  await other.open()
  await demo.chooseFault('slow-typist')
  await demo.send('Take your time')
  await demo.answer('streaming', 1)
  const isArriving = (selector: string) => document.querySelector<HTMLElement>(selector)?.dataset.answering
  const conversation = testId('conversation')
  await expect.poll(() => otherTab.evaluate(isArriving, conversation)).toBe('true')
  await tab.click(testId('stop'))
  await expect.poll(() => otherTab.evaluate(isArriving, conversation)).toBe('false')
})

test('a cut response is never shown as a whole one', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.chooseFault('cut-short')
  await demo.send('Hello')
  expect((await demo.answer('cut')).length).toBeGreaterThan(0)
  expect(await tab.textContent(testId('problem'))).toBeTruthy()
})

test('a cut of a response that its server keeps is bridged before one’s eyes', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.chooseFault('cut-and-read-on')
  await demo.send('Hello')
  const read = await demo.answer('complete', 41)
  await tab.reload()
  await demo.controlled()
  expect(await demo.answer('complete')).toBe(read)
})

test('a message is marked as saved as soon as it is, while its answer streams', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.chooseFault('slow-typist')
  for (const text of ['Keep this', 'And this']) {
    await demo.send(text)
    await demo.saved('user', 'saved')
    await demo.answer('streaming', 1)
    await tab.click(testId('stop'))
    await demo.answer('stopped')
  }
})

test('a message that cannot be saved waits in sight, also after a reload, and arrives once', async ({
  tab,
  server,
}) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await server.behave({ mode: 'fail', status: 503 })
  await demo.send('Keep this')
  await demo.answer('complete')
  await demo.saved('user', 'waiting')
  await tab.reload()
  await demo.controlled()
  await tab.click(testId('outbox-button'))
  await tab.waitFor(
    (selector) => document.querySelector(selector)?.textContent?.includes('Keep this'),
    `${testId('outbox-item')} .outbox-text`,
  )
  await server.behave({ mode: 'ok' })
  // Its own time may have come, and the button be gone with it.
  await tab.evaluate(
    (selector) => document.querySelector<HTMLElement>(selector)?.click(),
    testId('outbox-flush'),
  )
  await tab.waitFor((selector) => document.querySelector(selector) !== null, testId('outbox-empty'))
  const messages = await demo.conversation()
  expect(messages.filter(({ role }) => role === 'user')).toMatchObject([{ content: 'Keep this' }])
})

test('a refused message can be tried again or discarded', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await server.behave({ mode: 'reject', times: 1 })
  await demo.send('Refuse this')
  await demo.answer('complete')
  await demo.saved('user', 'undeliverable')
  await tab.click(testId('outbox-button'))
  await tab.click(testId('outbox-retry'))
  await demo.saved('user', 'saved')
  expect(await demo.conversation()).toMatchObject([{ role: 'assistant' }, { role: 'user' }])

  await server.behave({ mode: 'reject' })
  await demo.send('And this')
  await demo.answer('complete', 0, 2)
  await tab.waitFor((selector) => document.querySelectorAll(selector).length === 2, testId('outbox-item'))
  await tab.click(testId('outbox-discard'))
  await tab.waitFor((selector) => document.querySelectorAll(selector).length === 1, testId('outbox-item'))
  await tab.click(testId('outbox-discard'))
  await tab.waitFor((selector) => document.querySelector(selector) !== null, testId('outbox-empty'))
})

/** The upstream's log of chats; requests for models may come in any order. */
async function chats(server: TestServer) {
  return (await server.log()).filter(({ path }) => path === CHAT)
}

test('the composer has room for its line, though its styles come after it', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  const style = (isOff: boolean) =>
    tab.evaluate((isOff) => {
      for (const sheet of document.styleSheets) sheet.disabled = isOff
    }, isOff)
  await style(true)
  await tab.fill(testId('composer-input'), 'a')
  await style(false)
  const hidden = await tab.evaluate((selector) => {
    const field = document.querySelector(selector)
    return field && field.scrollHeight - field.clientHeight
  }, testId('composer-input'))
  expect(hidden).toBe(0)
})
