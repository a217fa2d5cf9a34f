import { engine } from '../engines/engine.ts'
import type { AnyCall, App, HowToCall } from '../support/app.ts'
import { CUT_ANSWERS, type CutAnswer, type CutFailure, OLLAMA, OPENAI_CHAT } from '../support/cut-answers.ts'
import { ask, patternOf, received, textOf } from '../support/scripted-chat.ts'
import type { Ending, ScriptedAnswer, ScriptedProvider } from '../support/scripted-provider.ts'
import { expect, test } from '../support/test.ts'

const JSON_CHAT = { path: OPENAI_CHAT.path, headers: { 'content-type': 'application/json' } }
const UNKNOWN = { path: '/v1/odd', headers: OPENAI_CHAT.headers, begun: 'data: one\n\n' }

const CUTS: [how: Ending, words: string, failure: CutFailure][] = [
  ['end', 'ends without its end', { code: 'truncated', message: 'The response broke off before its end' }],
  ['reset', 'is reset', { code: 'network_error', message: 'The connection was lost' }],
]

for (const cut of CUT_ANSWERS) {
  for (const [how, words, failure] of CUTS) {
    const notice = cut.error ? 'the protocol’s own error event, then' : 'no event, but'
    test(`${cut.name} that ${words}: all its bytes, ${notice} an error at the reader`, async ({
      app,
      provider,
    }) => {
      const { call, answer } = await begin(app, provider, cut)
      answer.say(cut.more)
      await received(call, cut.begun + cut.more)
      await answer.end(how)
      const { state, status, error, headers } = await call.ended()
      expect([state, status]).toEqual(['failed', 200])
      expect(error).toContain('TypeError')
      expect(await textOf(call)).toBe(cut.begun + cut.more + (cut.error?.(failure) ?? ''))
      expect(headers).toMatchObject(cut.headers)
      expect(await app.told('request_failed')).toMatchObject([{ code: failure.code, attempts: 1 }])
      expect(provider.requests()).toBe(1)
    })
  }
}

for (const [cut, half, blank] of [
  [OPENAI_CHAT, 'data: {"choices":[{"delta":{"content":" and', '\n\n'],
  [OLLAMA, '{"message":{"role":"assistant","content":" and', '\n'],
] as const) {
  test(`${cut.name} cut within an event: what there is of it, then an error event that can be read`, async ({
    app,
    provider,
  }) => {
    const { call, answer } = await begin(app, provider, cut)
    answer.say(half)
    await received(call, cut.begun + half)
    await answer.end('end')
    expect((await call.ended()).state).toBe('failed')
    const error = cut.error?.({ code: 'truncated', message: 'The response broke off before its end' })
    expect(await textOf(call)).toBe(cut.begun + half + blank + error)
  })
}

for (const [how, words, failure] of CUTS) {
  test(`response.text() of a chat that ${words} rejects`, async ({ app, provider }) => {
    const { call, answer } = await begin(app, provider, OPENAI_CHAT, 'fetchText')
    await answer.end(how)
    const { state, status, error } = await call.ended()
    expect([state, status]).toEqual(['failed', 200])
    expect(error).toContain(engine === 'firefox' ? 'AbortError' : 'TypeError')
    expect(await textOf(call)).toBe('')
  })

  test(`an XMLHttpRequest of a chat that ${words} reads all of it and never loads`, async ({
    app,
    provider,
  }) => {
    const { call, answer } = await begin(app, provider, OPENAI_CHAT, 'xhr')
    answer.say(OPENAI_CHAT.more)
    const said = OPENAI_CHAT.begun + OPENAI_CHAT.more
    await received(call, said)
    await answer.end(how)
    const { state, status, error } = await call.ended()
    expect([state, status]).toEqual(['failed', 200])
    // Chromium takes a body that its worker breaks for an abort.
    expect(['error', 'abort']).toContain(error)
    // And tells of progress every 50 ms only: the error event may come too late for it.
    const notice = OPENAI_CHAT.error?.(failure)
    expect([said, said + notice]).toContain(await textOf(call))
  })
}

test('a stream of no known protocol that ends cleanly is whole', async ({ app, provider }) => {
  const { call, answer } = await begin(app, provider, UNKNOWN)
  answer.say('data: two\n\n')
  await answer.end('end')
  expect((await call.ended()).state).toBe('whole')
  expect(await textOf(call)).toBe('data: one\n\ndata: two\n\n')
  expect(await app.told('request_finished')).toMatchObject([{ verdict: 'complete' }])
})

test('a stream of no known protocol that is reset: all its bytes, and only an error', async ({
  app,
  provider,
}) => {
  const { call, answer } = await begin(app, provider, UNKNOWN)
  await received(call, UNKNOWN.begun)
  await answer.end('reset')
  expect((await call.ended()).state).toBe('failed')
  expect(await textOf(call)).toBe(UNKNOWN.begun)
})

for (const [how, words, failure] of CUTS) {
  test(`a whole JSON response that ${words} after it was handed over: only an error`, async ({
    app,
    provider,
  }) => {
    // More than 1 MiB is not withheld until it is whole.
    const begun = `{"choices":[{"message":{"content":"${'x'.repeat(1_200_000)}`
    const { call, answer } = await begin(app, provider, { ...JSON_CHAT, begun }, 'fetch', false)
    await expect.poll(async () => (await textOf(call)).length).toBe(begun.length)
    await answer.end(how)
    const { state, status } = await call.ended()
    expect([state, status]).toEqual(['failed', 200])
    expect((await textOf(call)) === begun).toBe(true) // Not `toBe(begun)`: who would read that diff?
    expect(await app.told('request_failed')).toMatchObject([{ code: failure.code, attempts: 1 }])
  })

  test(`a small whole JSON response that ${words} twice: half of it is never shown`, async ({
    app,
    provider,
  }) => {
    const url = provider.url + JSON_CHAT.path
    await app.start({ chat: [url], retry: { baseMs: 10, jitterMs: 0 } })
    const call = await ask(app, url, { stream: false })
    for (let attempt = 1; attempt <= 2; attempt++) {
      const answer = await provider.asked()
      answer.begin(JSON_CHAT.headers)
      answer.say('{"choices":[{"message":{"content":"Y')
      await answer.end(how)
    }
    const { state, status, headers } = await call.ended()
    expect([state, status]).toEqual(['whole', 502])
    expect(headers).toMatchObject({ 'content-type': 'application/problem+json', 'x-should-retry': 'false' })
    expect(JSON.parse(await textOf(call))).toMatchObject({
      error: { type: 'streamkeeper_error', code: failure.code },
    })
    expect(provider.requests()).toBe(2)
  })
}

/** Asks for an answer and lets it begin. */
async function begin(
  app: App,
  provider: ScriptedProvider,
  { path, headers, begun }: Pick<CutAnswer, 'path' | 'headers' | 'begun'>,
  by?: HowToCall['by'],
  stream = true,
): Promise<{ call: AnyCall; answer: ScriptedAnswer }> {
  await app.start({ chat: [patternOf(provider, path)] })
  const call = await ask(app, provider.url + path, { stream }, by)
  const answer = await provider.asked()
  answer.begin(headers)
  answer.say(begun)
  await call.answered()
  return { call, answer }
}
