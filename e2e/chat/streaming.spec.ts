import { engine } from '../engines/engine.ts'
import { CHAT } from '../support/app.ts'
import { spoken } from '../support/spoken.ts'
import { expect, test } from '../support/test.ts'

const TEXT = 'The quick brown fox jumps over the lazy dog, again and again, all day long.'

test('a chat streams token by token', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [], answer: { text: TEXT, tokens: 30, tokensPerSecond: 20 } })
  const { state, status, chunks } = await chat.ended()
  expect([state, status]).toEqual(['whole', 200])
  const [first, last] = [chunks.at(0), chunks.at(-1)]
  // 30 tokens at 20 a second are 1 450 ms from the first to the last.
  expect(Number(last?.at) - Number(first?.at)).toBeGreaterThan(1_000)
  expect(chunks.length).toBeGreaterThan(15)
  expect(await chat.log()).toMatchObject([{ attempt: 1, status: 200 }])
})

for (const chunking of ['event', 'line', 'byte', 7, 'whole'] as const) {
  test(`the page gets the upstream’s bytes, however they are cut: ${chunking}`, async ({ app }) => {
    await app.start({ chat: [CHAT] })
    const text = 'Grüße, 世界 👋🏽'
    const chat = await app.chat({ steps: [], answer: { text, chunking, tokensPerSecond: 0 } })
    const { state, chunks } = await chat.ended()
    expect(state).toBe('whole')
    const body = chunks.map((chunk) => chunk.text).join('')
    expect(spoken(body)).toBe(text)
    expect(await chat.log()).toMatchObject([{ sentBytes: Buffer.byteLength(body) }])
  })
}

test('a finished chat is told once, with what it took', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat(
    { steps: [] },
    { stream_options: { include_usage: true } },
    { requestId: 'mine' },
  )
  await chat.ended()
  const [finished] = await app.told('request_finished')
  expect(finished).toMatchObject({
    requestId: 'mine',
    own: true,
    verdict: 'complete',
    attempts: 1,
    waitedMs: 0,
  })
  const [attempt] = await chat.log()
  expect(finished?.bytes).toBe(attempt?.sentBytes)
  expect(finished?.usage?.outputTokens).toBeGreaterThan(0)
  expect(await app.told('request_started')).toMatchObject([{ model: 'demo-small', reasoning: false }])
  expect(await app.told('first_output')).toHaveLength(1)
})

for (const by of ['end', 'close', 'reset'] as const) {
  test(`a response without its end ends in an error at the page’s reader: ${by}`, async ({ app }) => {
    await app.start({ chat: [CHAT] })
    // A reset may overtake what was sent just before it; what came in peace was read.
    const pauses = [{ afterTokens: 4, ms: 1_000 }]
    const chat = await app.chat({
      steps: [{ kind: 'answer', text: TEXT, pauses, cut: { afterTokens: 8, by } }],
    })
    const { state, status, chunks } = await chat.ended()
    expect([state, status]).toEqual(['failed', 200])
    const said = spoken(chunks.map(({ text }) => text).join(''))
    expect(said).not.toBe('')
    expect(TEXT.startsWith(said)).toBe(true)
    const [failed] = await app.told('request_failed')
    // WebKit takes a connection that closes for the end of its response.
    const looksEnded = by === 'end' || (by === 'close' && engine === 'webkit')
    expect(failed?.code).toBe(looksEnded ? 'truncated' : 'network_error')
    expect(await chat.log()).toHaveLength(1)
  })
}

test('a response with its end marker is whole, whichever marker it is', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  for (const endMarkers of ['finish_reason', 'done'] as const) {
    const chat = await app.chat({ steps: [], answer: { text: TEXT, endMarkers } })
    expect((await chat.ended()).state).toBe('whole')
  }
})

test('another tab is told of a chat, and that it is not its own', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const second = await app.newTab()
  await second.start({ chat: [CHAT] })
  await (await app.chat({ steps: [] })).ended()
  expect(await app.told('request_finished')).toMatchObject([{ own: true }])
  expect(await second.told('request_finished')).toMatchObject([{ own: false }])
})

test('streamChat gives chunks and statuses in one loop', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const limited = { kind: 'status', status: 429, hint: { form: 'retry-after', ms: 1_000 } } as const
  const chat = await app.chat({ steps: [limited], answer: { text: TEXT } }, {}, { by: 'streamChat' })
  const { state, items, statuses } = await chat.ended()
  expect(state).toBe('whole')
  expect(spoken(items.map((item) => `data: ${JSON.stringify(item)}\n`).join(''))).toBe(TEXT)
  const retry = statuses.find(({ status }) => status === 'rate_limit_retry')
  expect(retry).toMatchObject({ attempt: 2, hinted: true, reason: 'rate_limited' })
})
