import type { App } from '../support/app.ts'
import { type Flood, startFlood } from '../support/flood.ts'
import { freezeTab } from '../support/frozen-tab.ts'
import { longAnswer } from '../support/long-answer.ts'
import { attachAt, chatAt, hashOf, type PacedReader } from '../support/paced-reader.ts'
import { test as base, expect } from '../support/test.ts'
import { workerMemory } from '../support/worker-memory.ts'

const MB = 1024 * 1024

/** The bytes of a response that the worker keeps for later readers. */
const KEPT = 16 * MB

const test = base.extend<{
  /** Floods of so many bytes, cut or not. */
  flooded: (...flood: Parameters<typeof startFlood>) => Promise<Flood>
}>({
  // eslint-disable-next-line no-empty-pattern
  flooded: async ({}, use) => {
    const floods: Flood[] = []
    await use(async (...given) => {
      const flood = await startFlood(...given)
      floods.push(flood)
      return flood
    })
    await Promise.all(floods.map((flood) => flood.close()))
  },
})

test('a slow and a frozen tab lag, a third reads in step; then both are whole', async ({
  app,
  provider,
  context,
}) => {
  const pieces = Array.from(longAnswer(12 * MB))
  const url = `${provider.url}/v1/chat/completions`
  const slowTab = await openTab(app, url)
  const frozenTab = await openTab(app, url)
  await app.start({ chat: [url] })
  const normal = await chatAt(app.page, url, {})
  const answer = await provider.asked()
  answer.begin({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  answer.say(pieces[0] ?? '')
  const id = await idOf(app)
  const slow = await attachAt(slowTab.page, id, { restMs: 20, upTo: 6 * MB })
  const frozen = await attachAt(frozenTab.page, id, {})
  let said = pieces[0]?.length ?? 0
  await expect.poll(() => bytesOf(frozen)).toBe(said)
  const driver = context.pages()[2]
  if (!driver) throw new Error('Expected a third tab')
  const { look, thaw } = await freezeTab(driver)

  for (let index = 1; index < pieces.length; index += 16) {
    const more = pieces.slice(index, index + 16).join('')
    answer.say(more)
    said += more.length
    await expect.poll(() => bytesOf(normal), { intervals: [20] }).toBe(said)
  }
  await answer.end('end')
  await isWhole(normal)
  expect(await look(frozen.bytesThere)).toBe(pieces[0]?.length)

  await slow.readOn()
  await thaw()
  for (const reader of [slow, frozen]) await isWhole(reader)
  for (const reader of [normal, slow, frozen]) {
    expect(await reader.now()).toEqual({ state: 'whole', bytes: said, hash: hashOf(pieces) })
  }
  expect(provider.requests()).toBe(1)
})

test('a flood that nobody reads stalls its upstream and fills no memory, and flows again when it is read', async ({
  app,
  flooded,
  context,
}) => {
  const flood = await flooded(300 * MB)
  await app.start({ chat: [flood.url] })
  const reader = await chatAt(app.page, flood.url, { upTo: 1 })
  await stalls(flood, app, 0)
  expect(await workerMemory(context)).toBeLessThan(48 * MB)

  await reader.readOn(100 * MB)
  await expect.poll(() => bytesOf(reader)).toBeGreaterThanOrEqual(100 * MB)
  const { bytes, hash } = await reader.now()
  expect(hash).toBe(hashOf(longAnswer(300 * MB), bytes))
  await stalls(flood, app, bytes)
  expect(await workerMemory(context)).toBeLessThan(48 * MB)
})

test('a flood that is cut, and read on, stalls its upstream as before when nobody reads it', async ({
  app,
  flooded,
  context,
}) => {
  const flood = await flooded(300 * MB, MB)
  await app.start({ chat: [flood.url] })
  const reader = await chatAt(app.page, flood.url, { upTo: 1 })
  await app.told('stream_resumed')
  await stalls(flood, app, 0)
  expect(await workerMemory(context)).toBeLessThan(48 * MB)

  await reader.readOn(100 * MB)
  await expect.poll(() => bytesOf(reader)).toBeGreaterThanOrEqual(100 * MB)
  const { bytes, hash } = await reader.now()
  expect(hash).toBe(hashOf(longAnswer(300 * MB), bytes))
  await stalls(flood, app, bytes)
  expect(await workerMemory(context)).toBeLessThan(48 * MB)
})

test('when the fastest of two readers goes, the other one paces the upstream, and gets all of it', async ({
  app,
  flooded,
}) => {
  const flood = await flooded(120 * MB)
  const other = await openTab(app, flood.url)
  await app.start({ chat: [flood.url] })
  const fast = await chatAt(app.page, flood.url, { upTo: 1 })
  const slow = await attachAt(other.page, await idOf(app), { upTo: 1 })
  await expect.poll(() => bytesOf(slow)).toBeGreaterThan(0)
  await fast.readOn(5 * MB)
  await expect.poll(() => bytesOf(fast)).toBeGreaterThanOrEqual(5 * MB)
  const { bytes } = await fast.now()
  await app.page.close()
  await stalls(flood, other, bytes)

  await slow.readOn()
  await isWhole(slow)
  expect((await slow.now()).hash).toBe(hashOf(longAnswer(120 * MB)))
})

for (const lagging of ['sent the chat', 'attached'] as const) {
  test(`a page that ${lagging} and falls too far behind gets an error, and no byte out of order`, async ({
    app,
    flooded,
  }) => {
    const flood = await flooded(40 * MB)
    const whole = Array.from(longAnswer(40 * MB))
    const other = await openTab(app, flood.url)
    await app.start({ chat: [flood.url] })
    const sender = await chatAt(app.page, flood.url, { upTo: 1 })
    const attached = await attachAt(other.page, await idOf(app), { upTo: 1 })
    const [behind, ahead] = lagging === 'attached' ? [attached, sender] : [sender, attached]
    await expect.poll(() => bytesOf(behind)).toBeGreaterThan(0)
    await ahead.readOn()
    await isWhole(ahead)
    const { bytes: all, hash } = await ahead.now()
    expect(hash).toBe(hashOf(whole))

    await behind.readOn()
    await expect.poll(() => stateOf(behind)).toBe('failed')
    const { bytes, error, hash: begun } = await behind.now()
    expect(error).toContain('TypeError')
    expect(bytes).toBeLessThanOrEqual(all - KEPT)
    expect(begun).toBe(hashOf(whole, bytes))
  })
}

/** The same app in another tab, with the same worker. */
async function openTab(app: App, chat: string): Promise<App> {
  const tab = await app.newTab()
  await tab.start({ chat: [chat] })
  return tab
}

async function idOf(app: App): Promise<string> {
  const [started] = await app.told('request_started')
  if (!started) throw new Error('Expected to be told of the start')
  return started.requestId
}

async function bytesOf(reader: PacedReader): Promise<number> {
  return (await reader.now()).bytes
}

async function stateOf(reader: PacedReader): Promise<string> {
  return (await reader.now()).state
}

async function isWhole(reader: PacedReader): Promise<void> {
  await expect.poll(() => stateOf(reader)).toBe('whole')
}

/** Waits until an upstream stands still; it must be little ahead of the page that has read furthest. */
async function stalls(flood: Flood, app: App, read: number): Promise<void> {
  const taken = await standsStill(flood.taken)
  const [stream] = (await app.evaluate(() => window.e2e.keeper?.streams())) ?? []
  // The worker's own lead and a pipe full of bytes. The kernel holds more, as much as it likes.
  expect(stream?.bytes).toBeLessThan(read + 8 * MB)
  expect(taken).toBeLessThan(read + 64 * MB)
}

/** Waits until a count has been the same twenty times, and returns it. */
async function standsStill(count: () => number): Promise<number> {
  let last = 0
  let times = 0
  const again = () => {
    const now = count()
    times = now > 0 && now === last ? times + 1 : 0
    last = now
    return times
  }
  await expect.poll(again, { intervals: [50] }).toBeGreaterThanOrEqual(20)
  return last
}
