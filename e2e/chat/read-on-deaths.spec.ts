import {
  geminiBackground,
  located,
  openaiBackground,
  replayed,
  type Resumable,
  sseIds,
} from '../../core/testing/resumable.ts'
import type { AnyCall, App } from '../support/app.ts'
import { ask, patternOf, textOf } from '../support/scripted-chat.ts'
import type { ScriptedAnswer, ScriptedProvider } from '../support/scripted-provider.ts'
import { expect, test } from '../support/test.ts'

const KINDS = [
  openaiBackground(),
  openaiBackground('\r\n'),
  geminiBackground(),
  sseIds(),
  replayed(),
  located(),
]

/** Repetitions of each, at random moments; `npm run test:endurance` uses more. */
const DEATHS = Number(process.env.CUT_DEATHS ?? 3)

/** A response takes about this long, in so many pieces, ms. */
const RESPONSE_MS = 800
const PIECES = 24

/** Maximum time after the first output, before the response is complete. */
const LATEST_MS = 700

/** By then the first bytes are on disk; a worker that dies earlier may leave nothing. ms */
const ON_DISK_MS = 500

const KEY = { authorization: 'Bearer key' }
const { random, floor } = Math

for (const kind of KINDS) {
  for (const what of ['the worker dies', 'the page reloads'] as const) {
    test(`a chat by ${kind.name}, ${DEATHS} times: ${what}, and its connection is cut or not`, async ({
      app,
      provider,
      killWorker,
    }) => {
      test.setTimeout(20_000 + DEATHS * 8_000)
      const moments: string[] = []
      void serve(provider, kind, moments)
      await start(app, provider, kind)
      let lost = 0
      for (let n = 0; n < DEATHS; n++) {
        const by = what === 'the worker dies' && n % 2 === 1 ? 'streamChat' : 'fetch'
        const requestId = crypto.randomUUID()
        const headers = { ...KEY, 'X-Streamkeeper-Id': requestId }
        const call = await ask(app, provider.url + kind.path, kind.body, by, by === 'fetch' ? headers : KEY)
        await expect.poll(() => hasBegun(call), { intervals: [10] }).toBe(true)
        const afterMs = Math.round(random() * LATEST_MS)
        moments.push(`${what} after ${afterMs} ms`)
        await new Promise((resolve) => setTimeout(resolve, afterMs))
        if (what === 'the worker dies') await killWorker()
        else await reload(app)
        const how = moments.join('; ')
        const mayBeLost = what === 'the worker dies' && afterMs < ON_DISK_MS
        if (by === 'streamChat') {
          const { state, items, code } = await call.ended()
          const all = dataOf(kind.events.join(''))
          if (mayBeLost && code === 'worker_lost') {
            lost++
            expect(items, how).toEqual(all.slice(0, items.length))
          } else {
            expect([state, code], how).toEqual(['whole', undefined])
            expect(items, how).toEqual(all)
          }
        } else {
          if (what === 'the worker dies') await isWholeOrBroken(call, kind, how)
          const text = await attach(app, requestId)
          if (mayBeLost && text === undefined) lost++
          else isWhole(eventsOf(text ?? ''), kind, how)
        }
        moments.length = 0
      }
      expect(provider.requests('POST')).toBe(DEATHS)
      const none = '0 events doubled, 0 missing, 0 clean ends on a cut, 1 POST each'
      console.log(`${kind.name}: ${DEATHS} times ${what}, ${lost} of them before it was on disk: ${none}`)
    })
  }
}

/** The text of a response that is read again; `undefined` where there is none. */
function attach(app: App, requestId: string): Promise<string | undefined> {
  return app.evaluate(
    (id) =>
      window.e2e.keeper
        ?.attach(id)
        .then((response) => response.text())
        .catch(() => undefined),
    requestId,
  )
}

async function start(app: App, provider: ScriptedProvider, { path, options }: Resumable): Promise<void> {
  const [route] = options.chat ?? []
  const resume = typeof route === 'object' ? route.resume : undefined
  await app.start({
    chat: [
      {
        url: patternOf(provider, path),
        ...(resume ? { resume: { ...resume, url: provider.url + resume.url } } : {}),
      },
    ],
  })
  await provideKey(app)
}

async function reload(app: App): Promise<void> {
  await app.reload()
  await provideKey(app)
}

function provideKey(app: App): Promise<unknown> {
  return app.evaluate(
    (key) => window.e2e.keeper?.provideAuth(({ for: purpose }) => (purpose ? key : null)),
    KEY,
  )
}

/** True if the page has read something: a browser sends a request again whose worker dies before it was answered. */
async function hasBegun(call: AnyCall): Promise<boolean> {
  const { items, chunks } = await call.now()
  return items.length + chunks.length > 0
}

/** Answers all requests, piece by piece; some connections are cut, at any byte. */
async function serve(provider: ScriptedProvider, kind: Resumable, moments: string[]): Promise<void> {
  for (;;) {
    const asked = await provider.asked()
    const body = asked.method === 'POST' ? kind.whole : restOf(asked, kind)
    if (!body) {
      asked.begin({}, 404)
      void asked.end('end')
      continue
    }
    // A response that has not sent its id yet can only be requested again.
    const from = asked.method === 'POST' ? (kind.events[0]?.length ?? 0) * 2 : 0
    const cutAt = random() < 0.5 ? from + floor(random() * (body.length - from)) : undefined
    if (cutAt !== undefined) moments.push(`${asked.method} cut at ${cutAt}`)
    void say(asked, body, kind, cutAt)
  }
}

async function say(asked: ScriptedAnswer, body: Uint8Array, kind: Resumable, cutAt = Infinity) {
  let isClosed = false
  void asked.closed.then(() => (isClosed = true))
  asked.begin(kind.headers)
  const length = Math.ceil(body.length / PIECES)
  for (let at = 0; at < body.length && !isClosed; at += length) {
    asked.say(body.subarray(at, Math.min(at + length, cutAt)))
    if (at + length >= cutAt) return asked.end(random() < 0.5 ? 'reset' : 'end')
    await new Promise((resolve) => setTimeout(resolve, RESPONSE_MS / PIECES))
  }
  await asked.end('end')
}

function restOf({ path, query, headers }: ScriptedAnswer, kind: Resumable): Uint8Array | undefined {
  const id = headers['last-event-id']
  const given = kind.give(
    new URL(`${path}?${query}`, 'http://a'),
    new Headers(typeof id === 'string' ? { 'last-event-id': id } : {}),
    'the rest',
  )
  return given.status === 200 ? given.body : undefined
}

async function isWholeOrBroken(call: AnyCall, kind: Resumable, how: string): Promise<void> {
  const { state } = await call.ended()
  const seen = eventsOf(await textOf(call))
  if (state === 'whole') return isWhole(seen, kind, how)
  expect(seen, how).toEqual(eventsOf(kind.events.join('')).slice(0, seen.length))
}

/** All of it, once; only an end marker may be left out. */
function isWhole(seen: string[], kind: Resumable, how: string): void {
  const all = eventsOf(kind.events.join(''))
  const needed = kind.name.startsWith('OpenAI') ? all.length : all.length - 1
  expect(seen, how).toEqual(all.slice(0, Math.max(seen.length, needed)))
}

/** Whole events without comments. */
function eventsOf(text: string): string[] {
  const whole = text.split(/\r?\n\r?\n/).slice(0, -1)
  const events = whole.map((event) =>
    event
      .split(/\r?\n/)
      .filter((line) => !line.startsWith(':'))
      .join('\n'),
  )
  return events.filter((event) => event !== '')
}

/** The items that `streamChat` yields. */
function dataOf(text: string): unknown[] {
  const data = eventsOf(text).map((event) => /^data: (.*)$/m.exec(event)?.[1] ?? '')
  return data.filter((each) => each !== '[DONE]').map((each) => JSON.parse(each) as unknown)
}
