import { CHAT, type App, type ChatCall } from '../support/app.ts'
import { expect, test } from '../support/test.ts'

const STOP_MS = 5_000
const endless = { kind: 'answer', tokens: 100_000, tokensPerSecond: 50 } as const
const limited = { kind: 'status', status: 429, hint: { form: 'retry-after', ms: 1_500 } } as const

/** The two ways to stop: one that knows us, and one that does not. */
const ways: [
  name: string,
  requestId: string | undefined,
  stop: (app: App, chat: ChatCall) => Promise<void>,
][] = [
  ['keeper.cancel', 'to-be-stopped', (app) => app.cancel('to-be-stopped')],
  ['a plain AbortController', undefined, (_app, chat) => chat.abort()],
]

test('an XMLHttpRequest that is aborted in mid-stream closes the upstream’s socket', async ({ app }) => {
  await app.start({ chat: [CHAT] })
  const chat = await app.chat({ steps: [endless] }, {}, { by: 'xhr' })
  await chat.begun()
  await chat.abort()
  await expect.poll(chat.log, { timeout: STOP_MS }).toMatchObject([{ closedBy: 'client' }])
  expect(await chat.ended()).toMatchObject({ state: 'failed', error: 'abort' })
  expect(await app.told('request_cancelled')).toMatchObject([{ by: 'page' }])
})

for (const [way, requestId, stop] of ways) {
  const how = requestId === undefined ? {} : { requestId }

  test(`Stop in mid-stream closes the upstream’s socket: ${way}`, async ({ app }) => {
    await app.start({ chat: [CHAT] })
    const chat = await app.chat({ steps: [endless] }, {}, how)
    await chat.begun()
    await stop(app, chat)
    await expect.poll(chat.log, { timeout: STOP_MS }).toMatchObject([{ closedBy: 'client' }])
    expect((await chat.ended()).state).toBe('failed')
    expect(await app.told('request_cancelled')).toMatchObject([{ by: 'page' }])
  })

  test(`Stop before the headers closes the upstream’s socket: ${way}`, async ({ app }) => {
    await app.start({ chat: [CHAT] })
    const chat = await app.chat({ steps: [{ kind: 'hang' }], repeat: true }, {}, how)
    await expect.poll(chat.log).toHaveLength(1)
    await stop(app, chat)
    await expect.poll(chat.log, { timeout: STOP_MS }).toMatchObject([{ closedBy: 'client' }])
    expect((await chat.ended()).state).toBe('failed')
    expect(await app.told('request_cancelled')).toMatchObject([{ by: 'page' }])
  })

  test(`Stop during a retry’s wait: no further request is sent: ${way}`, async ({ app }) => {
    await app.start({ chat: [CHAT] })
    const chat = await app.chat({ steps: [limited] }, {}, how)
    await app.told('rate_limit_retry')
    await stop(app, chat)
    expect((await chat.ended()).state).toBe('failed')
    expect(await app.told('request_cancelled')).toMatchObject([{ by: 'page' }])

    // Another chat with the same wait begins later: when it has had its answer, the stopped one's time is over.
    const later = await app.chat({ steps: [limited] })
    expect((await later.ended()).status).toBe(200)
    expect(await chat.log()).toHaveLength(1)
  })
}
