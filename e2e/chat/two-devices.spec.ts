import { startServer } from '../../demo/server/start-server.ts'
import { createDemo, testId } from '../support/demo.ts'
import type { Page } from '../support/page.ts'
import { expect, test } from '../support/test.ts'
import type { TestServer } from '../support/test-server.ts'

/** Slow enough that a response is still under way when the slowest browser has opened its page. */
const SLOW = 4

/** The demo with answers that are kept on its server, and another browser of the same person. */
async function openDevices(tab: Page, other: Page, server: TestServer, site: string) {
  let tokensPerSecond = SLOW
  const running = await startServer({ site, answers: ':memory:', tokensPerSecond: () => tokensPerSecond })
  const devices = { ...server, url: running.url }
  const finish = () => {
    tokensPerSecond = 200
  }
  const { close } = running
  return { running, first: createDemo(tab, devices), second: createDemo(other, devices), finish, close }
}

/** Opens the conversation of one device on the other. */
async function openSame(tab: Page, other: Page, url: string): Promise<void> {
  await other.goto(`${url}/${await tab.evaluate(() => location.hash)}`)
}

async function requestsUpstream(url: string): Promise<unknown[]> {
  const log = (await (await fetch(`${url}/__upstream/log`)).json()) as { method: string; path: string }[]
  return log.filter(({ method }) => method === 'POST')
}

test('two devices show one response live, and the same in the end', async ({
  tab,
  otherDevice: other,
  server,
  site,
}) => {
  const { running, first, second, finish, close } = await openDevices(tab, other, server, site)
  await first.open()
  await first.send('Tell me about service workers')
  await first.answer('streaming', 20)
  await openSame(tab, other, running.url)
  await second.answer('streaming', 20)
  finish()
  const [here, there] = await Promise.all([first.answer('complete'), second.answer('complete')])
  expect(there).toBe(here)
  expect(await requestsUpstream(running.url)).toHaveLength(1)
  await close()
})

test('a response goes on when its only page is closed, and another device shows all of it', async ({
  tab,
  otherDevice: other,
  server,
  site,
}) => {
  const { running, first, second, finish, close } = await openDevices(tab, other, server, site)
  await first.open()
  const leaving = await tab.newTab()
  const demo = createDemo(leaving, { ...server, url: running.url })
  await demo.open()
  await demo.send('Tell me about service workers')
  await demo.answer('streaming', 20)
  const hash = await leaving.evaluate(() => location.hash)
  await leaving.close()
  await tab.close()
  await other.goto(`${running.url}/${hash}`)
  finish()
  const text = await second.answer('complete')
  expect(text.length).toBeGreaterThan(100)
  expect(await requestsUpstream(running.url)).toHaveLength(1)
  await close()
})

test('Stop on one device stops the response on both', async ({ tab, otherDevice: other, server, site }) => {
  const { running, first, second, close } = await openDevices(tab, other, server, site)
  await first.open()
  await first.send('Tell me about service workers')
  await first.answer('streaming', 20)
  await openSame(tab, other, running.url)
  await second.answer('streaming', 20)
  await other.click(testId('stop'))
  await second.answer('stopped')
  await first.answer('cut')
  await expect
    .poll(() => requestsUpstream(running.url), { timeout: 5_000 })
    .toMatchObject([{ closedBy: 'client' }])
  await close()
})
