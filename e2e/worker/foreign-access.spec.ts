import type { BrowserContext } from '@playwright/test'
import type { App } from '../support/app.ts'
import { type ForeignSite, startForeignSite } from '../support/foreign-site.ts'
import {
  keepAnswer,
  leaksIn,
  PAGE,
  PICTURE,
  SCRIPT,
  SECRET,
  STYLE,
  UNTYPED_PAGE,
} from '../support/private-answer.ts'
import { test as base, expect } from '../support/test.ts'
import { FOREIGN_TRICKS, FRAMES, LEADS, loadElement, OWN_TRICKS, PARTS } from '../support/ways-in.ts'

const STREAMS = '/__streamkeeper/streams'

const test = base.extend<{ foreign: ForeignSite }>({
  // eslint-disable-next-line no-empty-pattern
  foreign: async ({}, use) => {
    const site = await startForeignSite()
    await use(site)
    await site.close()
  },
})

/** The pages that try to read a response: their URLs. */
const WHOSE: [whose: string, urlOf: (foreign: ForeignSite, app: string) => string][] = [
  ['the app’s own page', (_foreign, app) => app],
  ['a page of another origin', ({ otherOrigin }) => otherOrigin],
  ['a page of another site', ({ otherSite }) => otherSite],
]

test.beforeEach(({ app, provider }) => app.start({ chat: [`${provider.url}/v1/chat/completions`] }))

test('an own fetch gets a response as text, unless it is of a kind that no browser runs', async ({
  app,
  provider,
}) => {
  for (const type of [
    'text/html; charset=utf-8',
    'TEXT/HTML',
    'text/javascript',
    'application/xhtml+xml',
    'image/svg+xml',
    'text/css',
    undefined,
  ]) {
    // A 200 that may be a page, and begins like one, is not a response.
    const status = type === undefined || /html/i.test(type) ? 403 : 200
    const url = await keepAnswer(app, provider, { ...PAGE, status, type })
    expect(await fetched(app, url)).toEqual({ status, type: 'text/plain', body: PAGE.body, ...SAFE })
  }
  for (const [type, body] of [
    ['text/event-stream', `data: {"choices":[{"delta":{"content":"${SECRET}"}}]}\n\ndata: [DONE]\n\n`],
    ['text/plain; charset=utf-8', SECRET],
    ['application/x-ndjson', `{"message":{"content":"${SECRET}"},"done":true}\n`],
    ['application/json', `{"choices":[{"message":{"content":"${SECRET}"}}]}`],
  ] as const) {
    const url = await keepAnswer(app, provider, { type, body })
    expect(await fetched(app, url)).toEqual({ status: 200, type, body, ...SAFE })
  }
})

for (const [whose, urlOf] of WHOSE) {
  test(`no element of ${whose} gets a response`, async ({ app, provider, context, foreign }) => {
    const page = await app.page.newTab()
    await page.goto(urlOf(foreign, await app.evaluate(() => location.href)))
    const told: Record<string, string> = {}
    for (const [name, { answer, ...element }] of Object.entries({ ...PARTS, ...FRAMES })) {
      const url = await keepAnswer(app, provider, answer)
      told[name] = await page.evaluate(loadElement, { ...element, url })
      expect(await leaksIn(context), name).toEqual([])
      await isStillThere(app, url)
    }
    expect(told).toMatchObject(Object.fromEntries(Object.keys(PARTS).map((name) => [name, 'error'])))
  })

  test(`nothing that ${whose} leads to shows a response`, async ({ app, provider, context, foreign }) => {
    const from = urlOf(foreign, await app.evaluate(() => location.href))
    for (const answer of [PAGE, UNTYPED_PAGE]) {
      const url = await keepAnswer(app, provider, answer)
      for (const [name, lead] of Object.entries(LEADS)) {
        await follow(context, from, lead, url)
        expect(await leaksIn(context), name).toEqual([])
        for (const tab of context.pages().slice(1)) await tab.close()
      }
      await isStillThere(app, url)
    }
  })

  test(`no script of ${whose} gets a response by tricks`, async ({ app, provider, context, foreign }) => {
    const own = await app.evaluate(() => location.href)
    const page = await app.page.newTab()
    const from = urlOf(foreign, own)
    await page.goto(from)
    const url = await keepAnswer(app, provider, SCRIPT)
    for (const [name, trick] of Object.entries(from === own ? OWN_TRICKS : FOREIGN_TRICKS)) {
      const got = await page.evaluate(trick, url)
      expect(got, name).not.toContain(SECRET)
      expect(got, name).not.toBe('ran')
      expect(await leaksIn(context), name).toEqual([])
    }
    await isStillThere(app, url)
  })
}

test('an address that is typed in shows no response', async ({ app, provider, context }) => {
  for (const answer of [PAGE, UNTYPED_PAGE, PICTURE, SCRIPT, STYLE]) {
    const url = await keepAnswer(app, provider, answer)
    const tab = await app.page.newTab()
    await tab.goto(url)
    expect(await leaksIn(context)).toEqual([])
    await isStillThere(app, url)
  }
})

test('what is no id is a 404', async ({ app, provider }) => {
  const id = (await keepAnswer(app, provider, SCRIPT)).split('/').at(-1) ?? ''
  for (const guess of [
    'x'.repeat(64),
    'x'.repeat(65),
    'x'.repeat(10_000),
    `${id}/`,
    `${id}%2F`,
    `${id}%00`,
    `${id}%20`,
    `${id};a`,
    `${id},${id}`,
    `/${id}`,
    `%2F${id}`,
    `..%2Fstreams%2F${id}`,
    `..%5C${id}`,
    `%252e%252e%252f${id}`,
    `${id.slice(0, -1)}%${id.charCodeAt(id.length - 1).toString(16)}`,
    id.toUpperCase(),
    '%',
    '%E0%A4%A',
    'ä',
    '*',
    '__proto__',
    'constructor',
  ]) {
    const { status, type, body } = await fetched(app, `${STREAMS}/${guess}`)
    expect({ guess, status, type }).toEqual({ guess, status: 404, type: 'application/json' })
    expect(body).not.toContain(SECRET)
  }
})

test('a byte that no response can begin at is its first one, one that there is not is a 404', async ({
  app,
  provider,
}) => {
  const url = await keepAnswer(app, provider, SCRIPT)
  const { body } = SCRIPT
  for (const from of ['-1', '-0', 'NaN', '1e309', '-Infinity', '1.5', '0.1', 'x', '', '%00', '1,2', 'null']) {
    expect({ from, ...(await fetched(app, `${url}?from=${from}`)) }).toMatchObject({
      from,
      status: 200,
      body,
    })
  }
  for (const from of [body.length + 1, 2 ** 53, '1e300', '99999999999999999999999999']) {
    expect({ from, ...(await fetched(app, `${url}?from=${from}`)) }).toMatchObject({ from, status: 404 })
  }
  expect(await fetched(app, `${url}?from=${body.length}`)).toMatchObject({ status: 200, body: '' })
})

const SAFE = { sniff: 'nosniff', cache: 'no-store' }

interface Fetched {
  status: number
  type: string | null
  sniff: string | null
  cache: string | null
  body: string
}

/** The result of a plain fetch of the app. */
function fetched(app: App, url: string): Promise<Fetched> {
  return app.evaluate(async (url) => {
    const response = await fetch(url)
    const { status, headers } = response
    const header = (name: string) => headers.get(name)
    return {
      status,
      type: header('content-type'),
      sniff: header('x-content-type-options'),
      cache: header('cache-control'),
      body: await response.text(),
    }
  }, url)
}

/** Otherwise there would have been nothing to get. */
async function isStillThere(app: App, url: string): Promise<void> {
  expect((await fetched(app, url)).body).toContain(SECRET)
}

/** Lets a page of that URL lead the browser to another, and waits until it is there. */
async function follow(
  context: BrowserContext,
  from: string,
  lead: (url: string) => void,
  url: string,
): Promise<void> {
  const tab = await context.newPage()
  await tab.goto(from)
  await tab.evaluate(lead, url)
  const arrived = () => context.pages().find((page) => page.url().split('?')[0] === url)
  await expect.poll(() => arrived() !== undefined).toBe(true)
  await arrived()?.waitForLoadState()
}

test('what one person asked for is nothing to the next one who signs in', async ({ app, provider }) => {
  await app.evaluate(() => window.e2e.keeper?.setPrincipal('ann'))
  const url = await keepAnswer(app, provider, { type: 'text/plain', body: SECRET })
  const streams = () => app.evaluate(async () => (await window.e2e.keeper?.streams())?.length)
  expect(await streams()).toBe(1)
  await app.evaluate(() => window.e2e.keeper?.setPrincipal('bob'))
  expect(await streams()).toBe(0)
  expect(await fetched(app, url)).toMatchObject({ status: 404 })
  await app.evaluate(() => window.e2e.keeper?.setPrincipal('ann'))
  expect(await fetched(app, url)).toMatchObject({ status: 200, body: SECRET })
})
