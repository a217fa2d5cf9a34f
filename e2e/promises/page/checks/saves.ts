import type { AppPage } from '../app-page.ts'
import { type Check, count, type Finding, finding, skipped, tell, type World } from '../check.ts'
import { upstream } from '../upstream.ts'
import { sleep, until } from '../wait.ts'

/** How long a message may take to arrive once its server is back, ms. */
const DELIVERY_MS = 10_000

/** How long the server is away, ms. */
const AWAY_MS = 1_500

/** Saves while the server is away: every connection is reset before an answer. */
async function saveWhileAway(page: AppPage, session: string, ids: readonly string[], headers = {}) {
  await upstream.behave(session, { mode: 'reset' })
  const answers = []
  for (const id of ids) {
    const startedAt = performance.now()
    const seen = await page.save(session, id, headers)
    answers.push({ seen, ms: Math.round(performance.now() - startedAt) })
  }
  return answers
}

/** The server is back; the app says so to a worker that wants to know. Resolves with what has arrived in time. */
async function arrived(page: AppPage, session: string, count: number): Promise<string[]> {
  page.window.app.serverIsBack()
  await until(async () => (await upstream.saves(session)).messages.length >= count, DELIVERY_MS)
  return (await upstream.saves(session)).messages
}

/** A check with a session of its own, which the server takes again when the check is over. */
interface SaveCheck extends Omit<Check, 'run'> {
  run: (world: World, session: string) => Promise<Finding>
}

function withSession({ run, ...check }: SaveCheck): Check {
  return {
    ...check,
    run: async (world) => {
      const session = crypto.randomUUID()
      try {
        return await run(world, session)
      } finally {
        await upstream.behave(session, { mode: 'ok' })
      }
    },
  }
}

/** A save that the server does not take at first, and how it misbehaves. */
function delivered(behaviour: Parameters<typeof upstream.behave>[1]): SaveCheck['run'] {
  return async ({ open }, session) => {
    const page = await open()
    await upstream.behave(session, behaviour)
    const seen = await page.save(session, '1')
    const messages = await arrived(page, session, 1)
    return finding(
      isAccepted(seen.status) && messages.length === 1,
      `the app got: ${tell(seen)}; ${messages.length === 1 ? 'it has arrived' : 'it has not arrived'}`,
    )
  }
}

const IDS = ['1', '2', '3', '4', '5']

const ALL: readonly SaveCheck[] = [
  {
    id: 'save-answered',
    promise: 'A message that is saved while the server is away is accepted within a second.',
    how: 'Five saves, while the server resets every connection.',
    run: async ({ open }, session) => {
      const page = await open()
      const answers = await saveWhileAway(page, session, IDS)
      const slowest = Math.max(...answers.map(({ ms }) => ms))
      const refused = answers.find(({ seen }) => !isAccepted(seen.status))
      return finding(
        !refused && slowest < 1_000,
        refused ? tell(refused.seen) : `five accepted, the slowest in ${slowest} ms`,
      )
    },
  },
  {
    id: 'save-delivered',
    promise: 'Messages that were saved while the server was away arrive, each once and in order.',
    how: 'Five saves, while the server resets every connection; it is back 1.5 s later.',
    run: async ({ open }, session) => {
      const page = await open()
      await saveWhileAway(page, session, IDS)
      await sleep(AWAY_MS)
      await upstream.behave(session, { mode: 'ok' })
      const messages = await arrived(page, session, IDS.length)
      await sleep(500)
      const taken = (await upstream.saves(session)).writes.filter(({ isSaved }) => isSaved).length
      return finding(
        messages.join() === IDS.join() && taken === IDS.length,
        `${messages.length} of ${IDS.length} arrived${messages.length > 0 ? `, as ${messages.join(' ')}` : ''}`,
      )
    },
  },
  {
    id: 'save-503',
    promise: 'A message that the server refuses for an overload is accepted, and delivered later.',
    how: 'Two responses of 503, then the server takes it.',
    run: delivered({ mode: 'fail', status: 503, times: 2 }),
  },
  {
    id: 'save-portal',
    promise: 'A login page is never taken for the server’s confirmation that it has a message.',
    how: 'A save gets status 200 and HTML, as from a hotel’s Wi-Fi; then the server is back.',
    run: delivered({ mode: 'html', times: 1 }),
  },
  {
    id: 'save-lost-answer',
    promise: 'A message whose response was lost counts as saved, and takes effect once.',
    how: 'The server saves it, and resets the connection before its response.',
    run: async ({ open }, session) => {
      const page = await open()
      await upstream.behave(session, { mode: 'lost', times: 1 })
      const seen = await page.save(session, '1')
      await arrived(page, session, 1)
      await sleep(3_000)
      const { writes } = await upstream.saves(session)
      const effects = writes.filter(({ isSaved }) => isSaved).length
      const keys = new Set(writes.map(({ key }) => key)).size
      const keyed =
        writes.length === 1 ? '' : keys === 1 && writes[0]?.key ? ' under one key' : ' without a key'
      const isSafe = writes.length === 1 || (keys === 1 && writes[0]?.key !== null)
      return finding(
        isAccepted(seen.status) && effects === 1 && isSafe,
        `the app got: ${tell(seen)}; sent ${count(writes.length, 'time')}${keyed}, took effect ${count(effects, 'time')}`,
      )
    },
  },
  {
    id: 'save-independent',
    promise: 'A message that cannot be delivered delays no other conversation.',
    how: 'A save in each of two conversations while the server is away; then it takes those of the second one only.',
    run: async ({ open }, session) => {
      const page = await open()
      const other = crypto.randomUUID()
      await saveWhileAway(page, session, ['1'])
      await saveWhileAway(page, other, ['1'])
      await sleep(AWAY_MS)
      await upstream.behave(other, { mode: 'ok' })
      const messages = await arrived(page, other, 1)
      return finding(messages.length === 1, messages.length === 1 ? 'it has arrived' : 'it has not arrived')
    },
  },
  {
    id: 'save-401',
    promise: 'A message whose token has expired while it waited is sent with a new token.',
    how: 'A save with an old token while the server is away; then the server requires the new one, which the app has.',
    run: async ({ open }, session) => {
      const page = await open()
      await saveWhileAway(page, session, ['1'], { Authorization: 'Bearer old' })
      await sleep(AWAY_MS)
      await upstream.behave(session, { mode: 'auth', token: 'fresh' })
      const messages = await arrived(page, session, 1)
      const { writes } = await upstream.saves(session)
      const refused = writes.filter(({ status }) => status === 401).length
      return finding(
        messages.length === 1,
        `${messages.length === 1 ? 'it has arrived' : 'it has not arrived'}, refused ${count(refused, 'time')}`,
      )
    },
  },
  {
    id: 'save-closed',
    promise:
      'Messages of a page that was closed in the meantime arrive, at the latest when the app is opened again.',
    how: 'Two saves while the server is away; the page is closed; the server is back; another page is opened.',
    run: async (world, session) => {
      const page = await world.open()
      await saveWhileAway(page, session, ['1', '2'])
      page.close()
      return comesBack(world, session)
    },
  },
  {
    id: 'save-worker-gone',
    promise: 'Messages outlive the worker that has accepted them.',
    how: 'The same; before another page is opened the worker is unregistered, so that another one must be started.',
    run: async (world, session) => {
      if (world.worker === 'none') return skipped('there is no worker')
      const page = await world.open()
      await saveWhileAway(page, session, ['1', '2'])
      const registration = await navigator.serviceWorker.getRegistration(`/${world.worker}/`)
      page.close()
      await registration?.unregister()
      return comesBack(world, session)
    },
  },
  {
    id: 'save-sender',
    promise: 'A message is never sent under another user’s session.',
    how: 'Ada saves while the server is away; then Bob is signed in, with his cookie, and the server is back.',
    run: async ({ open }, session) => {
      const page = await open()
      const { app } = page.window
      await app.signIn('ada')
      const [answer] = await saveWhileAway(page, session, ['1'])
      await sleep(AWAY_MS)
      await app.signIn('bob')
      const before = (await upstream.saves(session)).senders.length
      await upstream.behave(session, { mode: 'ok' })
      app.serverIsBack()
      await sleep(4_000)
      const since = (await upstream.saves(session)).senders.slice(before)
      await app.signIn('ada')
      app.serverIsBack()
      const has = await until(async () => (await upstream.saves(session)).messages.length > 0, 5_000)
      await app.signIn(null)
      const wrong = since.filter((who) => who === 'bob').length
      return finding(
        wrong === 0,
        wrong > 0
          ? `Ada’s message went out as Bob’s`
          : has
            ? 'it waited for Ada'
            : `nothing was sent: ${tell(answer?.seen)} is all that the app got`,
      )
    },
  },
]

/** Messages that an app saves. */
export const SAVES: readonly Check[] = ALL.map(withSession)

/** The server is back, and another page of the app is opened. */
async function comesBack({ open }: World, session: string): Promise<Finding> {
  await sleep(AWAY_MS)
  await upstream.behave(session, { mode: 'ok' })
  const next = await open()
  const messages = await arrived(next, session, 2)
  return finding(
    messages.join() === '1,2',
    `${messages.length} of 2 arrived${messages.length > 0 ? `, as ${messages.join(' ')}` : ''}`,
  )
}

function isAccepted(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300
}
