import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { expect, test } from '../support/test.ts'

/** Answers the next try. */
async function answer(
  provider: ScriptedProvider,
  status: number,
  headers: Record<string, string> = { 'Content-Type': 'application/json' },
  body = '{}',
) {
  const asked = await provider.asked()
  asked.begin(headers, status)
  asked.say(body)
  await asked.end('end')
}

for (const [status, body] of [
  [400, '{"error":"no such session"}'],
  [413, '<html>413 Request Entity Too Large</html>'],
  [422, '{"error":"no text"}'],
] as const) {
  test(`${status} is final: a dead letter that shows the response`, async ({ app, provider }) => {
    await app.start({ saves: [`${provider.url}/save`] })
    const answered = answer(provider, status, { 'Content-Type': 'text/html' }, body)
    expect((await (await app.call(`${provider.url}/save`, { body: '{}' })).ended()).status).toBe(202)
    await answered
    expect(await app.told('save_dead')).toMatchObject([{ code: 'upstream_error', attempts: 1 }])
    expect(await app.outbox()).toMatchObject([{ state: 'dead', preview: `${status} ${body}` }])
  })
}

test('a login page with status 200 is no response of the API’s: it waits, and is sent again', async ({
  app,
  provider,
}) => {
  await app.start({ saves: [`${provider.url}/save`] })
  const portal = answer(provider, 200, { 'Content-Type': 'text/html' }, '<form>Password</form>')
  await app.call(`${provider.url}/save`, { body: '{}' })
  await portal
  expect(await app.told('save_retry')).toMatchObject([{ code: 'upstream_error', attempts: 1 }])
  await answer(provider, 201)
  expect(await app.told('save_sent')).toMatchObject([{ attempts: 2 }])
})

test('a redirect to another host is no response of the API’s, whatever that host says', async ({
  app,
  server,
  provider,
}) => {
  await app.start({ saves: [`${provider.url}/save`] })
  const redirected = answer(provider, 307, { Location: `${server.url}/api/conversations` }, '')
  await app.call(`${provider.url}/save`, { body: '{}' })
  await redirected
  const [retry] = await app.told('save_retry')
  // Where the other host refuses cross-origin requests, there is no answer at all.
  expect(['upstream_error', 'network_error']).toContain(retry?.code)
  await answer(provider, 201)
  await app.told('save_sent')
  expect(await app.outbox()).toEqual([])
})
