import type { Step } from '../../demo/server/step.ts'
import type { ClientName } from '../site/clients.ts'
import { expect, test } from '../support/test.ts'
import { type Asked, type Clients, GROUPS, openClients } from './open-clients.ts'

const HANGS: Step = { kind: 'hang' }
const LIMITED: Step = { kind: 'status', status: 429, hint: { form: 'body-text', ms: 1_500 } }
const ENDLESS: Step = { kind: 'answer', tokens: 100_000, tokensPerSecond: 20 }

/** Before there is an answer nobody tells a worker that these have been given up. */
const UNHEARD = new Set<ClientName>(['XHR', 'EventSource'])
/** These have nothing in their hands before all of the answer is there. */
const WHOLE = /whole|fetch text|generateText/

for (const crossOrigin of [false, true]) {
  const where = crossOrigin ? 'another origin' : 'same origin'
  test.describe(`Stop in every client, ${where}`, () => {
    for (const group of GROUPS) {
      test(group.join(', '), async ({ tab, site }) => {
        await using clients = await openClients({ tab, site, crossOrigin, options: {} })
        await stopsBeforeHeaders(clients, group)
        await stopsDuringWait(clients, group)
        await stopsInMidStream(clients, group)
      })
    }
  })
}

test('an abort that is not visible before the headers takes effect when the response arrives', async ({
  tab,
  site,
}) => {
  await using clients = await openClients({ tab, site, crossOrigin: false, options: {} })
  const asked = await clients.ask([...UNHEARD], { steps: [{ ...ENDLESS, headersAfterMs: 1_500 }] })
  await everyone(asked, ({ id }) => clients.upstream.log(id), [{ attempt: 1 }])
  await stopAll(asked)
  await everyone(asked, ({ id }) => clients.upstream.log(id), [{ attempt: 1, closedBy: 'client' }])
})

async function stopsBeforeHeaders(clients: Clients, group: readonly ClientName[]): Promise<void> {
  const asked = await clients.ask(group, { steps: [HANGS], repeat: true })
  await everyone(asked, ({ id }) => clients.upstream.log(id), [{ attempt: 1 }])
  await stopAll(asked)
  const heard = asked.filter(({ name }) => !UNHEARD.has(name))
  await everyone(heard, ({ id }) => clients.upstream.log(id), [{ attempt: 1, closedBy: 'client' }])
  for (const { id, name } of asked) {
    if (UNHEARD.has(name)) expect((await clients.upstream.log(id))[0]?.closedAt, name).toBeUndefined()
  }
  // A request that was not stopped would keep its connection from the following ones.
  clients.upstream.dropConnections()
}

async function stopsDuringWait(clients: Clients, group: readonly ClientName[]): Promise<void> {
  const heard = group.filter((name) => !UNHEARD.has(name))
  const asked = await clients.ask(heard, { steps: [LIMITED] })
  await everyone(asked, ({ id }) => clients.upstream.log(id), [{ status: 429, closedBy: 'server' }])
  await stopAll(asked)
  // Another with the same wait begins later: when it has had its answer, the stopped ones' time is over.
  const [later] = await clients.ask(['fetch'], { steps: [LIMITED], answer: { text: 'Hello' } })
  await expect.poll(async () => (await later?.reply())?.state).toBe('whole')
  for (const { id, name } of asked) expect(await clients.upstream.log(id), name).toHaveLength(1)
}

async function stopsInMidStream(clients: Clients, group: readonly ClientName[]): Promise<void> {
  const streaming = group.filter((name) => !WHOLE.test(name))
  const asked = await clients.ask(streaming, { steps: [ENDLESS] })
  for (const { name, reply } of asked) {
    await expect.poll(async () => (await reply()).text, { message: name }).not.toBe('')
  }
  await stopAll(asked)
  await everyone(asked, ({ id }) => clients.upstream.log(id), [{ attempt: 1, closedBy: 'client' }])
}

async function stopAll(asked: readonly Asked[]): Promise<void> {
  for (const { stop } of asked) await stop()
  await everyone(asked, async ({ reply }) => [await reply()], [{ state: 'stopped' }])
}

async function everyone(
  asked: readonly Asked[],
  look: (asked: Asked) => Promise<unknown>,
  expected: Record<string, unknown>[],
): Promise<void> {
  for (const each of asked) {
    await expect.poll(() => look(each), { message: each.name }).toMatchObject(expected)
  }
}
