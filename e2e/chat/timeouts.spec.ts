import type { AnswerOptions } from '../../demo/server/step.ts'
import { CHAT } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

const retry = { baseMs: 20, jitterMs: 0 }

test('headers that never come are cut at their limit, and tried once more', async ({ app }) => {
  await app.start({ chat: [CHAT], timeouts: { headersMs: 1_000, totalMs: 2_500 }, retry })
  const chat = await app.chat({ steps: [{ kind: 'hang' }], repeat: true })
  const { state } = await chat.ended()
  expect(state).toBe('failed')
  expect(await app.told('timeout_retry')).toMatchObject([{ attempt: 2, phase: 'headers' }])
  const [failed] = await app.told('request_failed')
  expect(failed?.attempts).toBe(2)
  expect(['headers_timeout', 'total_timeout']).toContain(failed?.code)

  await expect.poll(chat.log).toMatchObject([{ closedBy: 'client' }, { closedBy: 'client' }])
  const [first, second] = await chat.log()
  // A busy machine brings a request to the upstream some time after its clock has started.
  expect(Number(first?.closedAt) - Number(first?.at)).toBeGreaterThan(400)
  expect(Number(second?.at) - Number(first?.at)).toBeGreaterThan(400)
  expect(second?.socket).not.toBe(first?.socket)
})

test('a fresh connection is given a chance: silence, then a response', async ({ app }) => {
  await app.start({ chat: [CHAT], timeouts: { headersMs: 300 }, retry })
  const chat = await app.chat({ steps: [{ kind: 'hang' }] })
  expect((await chat.ended()).state).toBe('whole')
  expect(await chat.log()).toMatchObject([{ closedBy: 'client' }, { status: 200 }])
})

test('a server that needs three times the limit is met at the second attempt', async ({ app }) => {
  await app.start({ chat: [CHAT], timeouts: { headersMs: 400 }, retry })
  const chat = await app.chat({ steps: [{ kind: 'answer', headersAfterMs: 1_200 }], repeat: true })
  const { state, status } = await chat.ended()
  expect([state, status]).toEqual(['whole', 200])
  expect(await chat.log()).toMatchObject([{ closedBy: 'client' }, { status: 200, closedBy: 'server' }])
  expect(await app.told('request_finished')).toMatchObject([{ attempts: 2 }])
})

test('headers at once, then thought for three times their limit: one request', async ({ app }) => {
  await app.start({ chat: [CHAT], timeouts: { headersMs: 400 }, retry })
  const pauses = [{ ms: 1_200 }]
  const chat = await app.chat({ steps: [{ kind: 'answer', pauses }], repeat: true })
  const { state, status } = await chat.ended()
  expect([state, status]).toEqual(['whole', 200])
  expect(await chat.log()).toMatchObject([{ status: 200, closedBy: 'server' }])
  expect(await app.told('request_finished')).toMatchObject([{ attempts: 1 }])
})

for (const [name, stream] of [
  ['stream: false', false],
  ['no stream at all', undefined],
] as const) {
  test(`a whole response is not cut at the headers limit: ${name}`, async ({ app }) => {
    await app.start({ chat: [CHAT], timeouts: { headersMs: 200 }, retry })
    const chat = await app.chat({ steps: [{ kind: 'answer', headersAfterMs: 1_000 }] }, { stream })
    const { state, status, chunks } = await chat.ended()
    expect([state, status]).toEqual(['whole', 200])
    expect(JSON.parse(chunks.map(({ text }) => text).join(''))).toHaveProperty('choices')
    expect(await chat.log()).toMatchObject([{ closedBy: 'server' }])
  })
}

// The standard limits, all divided by 300; the silences are longer than every one of them.
const small = {
  headersMs: 100,
  firstOutputMs: 1_000,
  transportIdleMs: 200,
  outputIdleMs: 400,
  totalMs: 1_000,
}
const SILENCE_MS = 1_300
const silences: [
  where: string,
  answer: AnswerOptions,
  code: string,
  seen: [state: string, status: number | undefined],
][] = [
  // As without us where there was no HTTP answer at all; where there was, an answer that says what happened.
  ['before the headers', { headersAfterMs: SILENCE_MS }, 'total_timeout', ['failed', undefined]],
  ['after the headers', { pauses: [{ ms: SILENCE_MS }] }, 'total_timeout', ['whole', 504]],
  [
    'between two outputs',
    { pauses: [{ afterTokens: 5, ms: SILENCE_MS }] },
    'transport_idle',
    ['failed', 200],
  ],
]

for (const [where, answer, code, seen] of silences) {
  test(`a model that does not reason is cut when it is silent ${where}`, async ({ app }) => {
    await app.start({ chat: [CHAT], timeouts: small, retry })
    const step = { kind: 'answer', tokens: 10, ...answer } as const
    const chat = await app.chat({ steps: [step], repeat: true })
    const { state, status } = await chat.ended()
    expect([state, status]).toEqual(seen)
    expect(await app.told('request_failed')).toMatchObject([{ code }])
  })
}

for (const [how, more] of [
  ['its name', { model: 'o3-mini' }],
  ['its request', { model: 'demo-small', reasoning_effort: 'high' }],
] as const) {
  test(`a reasoning model, known by ${how}, may be silent anywhere`, async ({ app }) => {
    await app.start({ chat: [CHAT], timeouts: small, retry })
    const chat = await app.chat(
      {
        steps: [
          {
            kind: 'answer',
            reasoning: false,
            tokens: 10,
            headersAfterMs: SILENCE_MS,
            pauses: [{ ms: SILENCE_MS }, { afterTokens: 5, ms: SILENCE_MS }],
          },
        ],
      },
      more,
    )
    const { state, status } = await chat.ended()
    expect([state, status]).toEqual(['whole', 200])
    expect(await app.told('request_started')).toMatchObject([{ reasoning: true }])
    expect(await chat.log()).toMatchObject([{ status: 200, closedBy: 'server' }])
  })
}

test('while keep-alives come the first output is waited for', async ({ app }) => {
  await app.start({ chat: [CHAT], timeouts: { firstOutputMs: 800 }, retry })
  const pauses = [{ ms: 2_400, send: 'comments', everyMs: 50 }] as const
  const chat = await app.chat({ steps: [{ kind: 'answer', pauses }] })
  expect((await chat.ended()).state).toBe('whole')
  expect(await chat.log()).toHaveLength(1)
})

test('keep-alives without output do not keep a request open forever', async ({ app }) => {
  await app.start({ chat: [CHAT], timeouts: { outputIdleMs: 800 }, retry })
  const pauses = [{ afterTokens: 3, ms: 'forever', send: 'comments', everyMs: 50 }] as const
  const chat = await app.chat({ steps: [{ kind: 'answer', pauses }] })
  expect((await chat.ended()).state).toBe('failed')
  expect(await app.told('request_failed')).toMatchObject([{ code: 'output_idle' }])
  await expect.poll(chat.log).toMatchObject([{ closedBy: 'client' }])
})
