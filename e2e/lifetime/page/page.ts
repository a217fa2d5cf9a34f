import { type Keeper, register } from '../../../client/index.ts'
import type { Scenario } from '../scenarios.ts'
import { readAnswer } from './read-answer.ts'
import type { Later, Seen } from './seen.ts'
import { watchPage } from './watch-page.ts'

// Acts its scenario out once, or after a reload the rest of it, and posts what it saw.

const CHAT = '/v1/chat/completions'

/** The end is told beside the bytes, a little later perhaps, ms. */
const TOLD_MS = 5_000

const query = new URLSearchParams(location.search)
const row = query.get('row') ?? ''
const scenario = JSON.parse(query.get('scenario') ?? '{}') as Scenario

/** When the page came first, epoch ms; a reload leaves it here. */
const startedAt = Number(sessionStorage.getItem('startedAt') ?? Date.now())
/** The page that asked has closed, and this one was opened later. */
const isLater = query.has('later')
const isReloaded = sessionStorage.getItem('startedAt') !== null
sessionStorage.setItem('startedAt', String(startedAt))

/** The findings of a later page, and the keeper that it asks. */
let later: Later | undefined
let knownTo: Keeper | undefined

const page = watchPage(startedAt)
const told = Promise.withResolvers<Seen['end']>()
const read = await readAnswer(ask())
const durationMs = Date.now() - startedAt
const looked = page.end()
setTimeout(told.resolve, TOLD_MS)
const end = isLater ? undefined : await told.promise
if (later) {
  const [stream] = (await knownTo?.streams()) ?? []
  later.verdict = stream?.verdict
}
const seen: Seen = { ...read, ...looked, durationMs, ...(end ? { end } : {}), ...(later ? { later } : {}) }
await fetch(`/seen?row=${row}`, { method: 'POST', body: JSON.stringify(seen) })

/** Resolves with the answer, as any app gets it. */
async function ask(): Promise<Response> {
  const { isControl, hideAtMs, reloadAtMs, closeAtMs, model, stream } = scenario
  const keeper = isControl ? await registerCareless() : await registerKeeper()
  if (isLater && keeper) return findAgain(keeper)
  if (isReloaded && keeper) return goOn(keeper)
  if (closeAtMs !== undefined) setTimeout(leave, closeAtMs)
  if (hideAtMs !== undefined) setTimeout(cover, hideAtMs)
  if (reloadAtMs !== undefined) setTimeout(() => location.reload(), reloadAtMs)
  return fetch(CHAT, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      model,
      stream,
      messages: [{ role: 'user', content: 'Count' }],
      lifetime: { row, scenario },
    }),
  })
}

/** Reads on with the one answer there is, and is hidden from then on. */
async function goOn(keeper: Keeper): Promise<Response> {
  const [stream] = await keeper.streams()
  if (!stream) throw new Error('The keeper knows of no answer')
  const response = await keeper.attach(stream.requestId)
  cover()
  return response
}

/** Reads all that is kept of the one answer there may be. */
async function findAgain(keeper: Keeper): Promise<Response> {
  const askedAt = performance.now()
  const [stream] = await keeper.streams()
  later = { listedMs: Math.round(performance.now() - askedAt) }
  knownTo = keeper
  if (!stream) throw new Error('The keeper knows of no answer')
  return keeper.attach(stream.requestId)
}

/** The last page of its site goes; the one that opened it is of another, and opens the next. */
function leave(): void {
  addEventListener('pagehide', () => navigator.sendBeacon(`/closed?row=${row}`))
  window.close()
}

/** Opens a tab of another site on top of this one. */
function cover(): void {
  const url = new URL('cover.html', location.href)
  url.hostname = 'localhost'
  window.open(url, '_blank', 'noopener')
}

async function registerKeeper(): Promise<Keeper> {
  const keeper = await register('/streamkeeper-sw.js', {
    chat: [CHAT],
    ...(scenario.graceMs === undefined ? {} : { resume: { graceMs: scenario.graceMs } }),
  })
  const { state, reason } = keeper
  if (state !== 'controlling') throw new Error(`The keeper does not control the page: ${state}, ${reason}`)
  for (const name of ['request_finished', 'request_failed', 'request_cancelled'] as const) {
    keeper.on(name, ({ status }) => told.resolve(status))
  }
  return keeper
}

/** Resolves when the control's worker controls the page; it tells nothing. */
async function registerCareless(): Promise<void> {
  told.resolve(undefined)
  const { serviceWorker } = navigator
  const controlled = new Promise((resolve) => {
    serviceWorker.addEventListener('controllerchange', resolve, { once: true })
  })
  await serviceWorker.register('/careless-worker.js')
  await controlled
}
