import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { type Damage, damageIndexedDb, DAMAGES } from '../browser-kill/damage.ts'
import { killBrowser } from '../browser-kill/kill-browser.ts'
import { openSavingApp, type Saving, type SavingApp } from '../browser-kill/saving-app.ts'
import { checkHistory } from '../history/check-history.ts'
import { type HistoryEvent, toLines } from '../history/history.ts'
import { launchOptions } from '../support/launch-options.ts'
import { expect, test } from '../support/test.ts'
import type { TestServer } from '../support/test-server.ts'

/** `npm run test:endurance` asks for more. */
const KILLS = Number(process.env.KILLS ?? 3)

/** The number of consecutive runs with one profile. */
const BATCH = 25

/** One time in so many the database's files are damaged while the browser is down. */
const DAMAGE_EVERY = 3

/** Where each batch leaves what everybody saw, for `e2e/history/check.ts`. */
const HISTORIES = process.env.HISTORIES ?? 'test-results/histories'

/**
 * - `cookies`: cookies alone say who sends a message, and no page provides anything: the app that most are
 * - `tokens`: some messages have a token or a query of their own, which are sealed
 * - `people`: one signs in after the other, by a cookie; the database is left whole, for who is signed in lies there
 */
const KINDS = ['cookies', 'tokens', 'people'] as const
type Kind = (typeof KINDS)[number]

const SESSIONS = ['a', 'b', 'c', 'd', 'e', 'f']

const PEOPLE = ['ada', 'bob']

const { random, floor } = Math
const chance = (share: number) => random() < share
const oneOf = <Item>(items: readonly Item[]) => items[floor(random() * items.length)] as Item

for (const kind of KINDS) {
  // The most common kind of app is killed most often.
  const all = kind === 'cookies' ? KILLS : Math.ceil(KILLS / 5)
  for (let batch = 0; batch * BATCH < all; batch++) {
    const kills = Math.min(BATCH, all - batch * BATCH)

    test(`${kind}, ${batch + 1}: the browser is killed while messages are saved and sent, ${kills} times`, async ({
      server,
    }) => {
      test.setTimeout(60_000 + kills * 20_000)
      const profile = await mkdtemp(join(tmpdir(), 'streamkeeper-killed-'))
      const record = createRecord(kind)
      try {
        for (let kill = 0; kill < kills; kill++) {
          await runUntilKilled(profile, server, record)
          if (kind === 'people' || (kill + 1) % DAMAGE_EVERY !== 0) continue
          const damage = oneOf(DAMAGES)
          if (!damageIndexedDb(profile, damage)) continue
          record.damages.push(damage)
          record.events.push({ at: Date.now(), by: 'test', do: 'damaged', how: damage })
        }
        await server.start()
        await server.behave({ mode: 'ok' })
        const dead: Dead[] = []
        for (const who of kind === 'people' ? PEOPLE : ['ada']) {
          await visit(profile, server, record, who, async (app) => {
            const drained = () => app.drain()
            await expect.poll(async () => (await drained()).waiting, { timeout: 60_000 }).toBe(0)
            dead.push(...(await drained()).dead)
            await expect.poll(() => app.settled()).toBe(true)
          })
        }
        record.events.push(...receivedBy(server, kind))
        for (const { session, number } of dead) {
          const message = nameOf({ session, number: Number(number) })
          record.events.push({ at: Date.now(), by: 'page', do: 'left', message, state: 'dead' })
        }
        await mkdir(HISTORIES, { recursive: true })
        await writeFile(join(HISTORIES, `${kind}-${batch + 1}.jsonl`), toLines(record.events))
        expect(checkHistory(record.events)).toEqual([])
        await check(server, record, dead)
      } finally {
        killBrowser(profile)
        await rm(profile, { recursive: true, force: true, maxRetries: 5 })
      }
    })
  }
}

interface Dead {
  session: string
  number: string | undefined
  why: string
}

function nameOf({ session, number }: Pick<Saving, 'session' | 'number'>): string {
  return `${session}${number}`
}

function createRecord(kind: Kind) {
  return {
    kind,
    events: [] as HistoryEvent[],
    /** The next number of each session. */
    next: new Map(SESSIONS.map((session) => [session, 1])),
    accepted: [] as Saving[],
    damages: [] as Damage[],
    /** Whose cookie the browser has. */
    signedIn: undefined as string | undefined,
    killed: 0,
    restored: 0,
    degraded: 0,
  }
}

type Record = ReturnType<typeof createRecord>

async function visit(
  profile: string,
  server: TestServer,
  record: Record,
  who: string,
  use: (app: SavingApp) => Promise<void>,
): Promise<void> {
  const hasCookie = record.kind === 'people'
  // Nothing is received before the browser has the cookie again.
  if (hasCookie) await server.stop()
  const context = await chromium.launchPersistentContext(profile, launchOptions())
  try {
    if (hasCookie) {
      // A browser that is killed loses what it has not written of its cookies: it must not be who was in before.
      const { signedIn } = record
      if (signedIn) await context.addCookies([{ name: 'who', value: signedIn, url: server.url }])
      await server.start()
    }
    const page = context.pages()[0] ?? (await context.newPage())
    const app = await openSavingApp(page, server.url, {
      who,
      hasCookie,
      provides: record.kind === 'tokens',
      saw: (event) => {
        if ('saving' in event) {
          const { saving, ...what } = event
          const message = nameOf(saving)
          if (what.do === 'accepted') record.accepted.push(saving)
          const conversation = saving.session
          record.events.push(
            what.do === 'save'
              ? { ...what, by: 'page', message, conversation, who }
              : { ...what, by: 'page', message },
          )
        } else record.events.push(event)
      },
    })
    record.signedIn = who
    await use(app)
    record.restored += await app.told('outbox_restored').catch(() => 0)
    record.degraded += await app.told('storage_degraded').catch(() => 0)
  } finally {
    await context.close().catch(() => {})
  }
}

/** The browser is started, messages are saved, and at some moment it is killed. */
async function runUntilKilled(profile: string, server: TestServer, record: Record): Promise<void> {
  await server.start()
  const who = record.kind === 'people' ? oneOf(PEOPLE) : 'ada'
  await visit(profile, server, record, who, async (app) => {
    record.restored += await app.told('outbox_restored')
    await trouble(server)
    const saving = app.save(nextSavings(record)).catch(() => {}) // The browser is gone.
    await new Promise((resolve) => setTimeout(resolve, 50 + random() * 1_500))
    expect(killBrowser(profile)).toBeGreaterThan(0)
    record.events.push({ at: Date.now(), by: 'test', do: 'killed' })
    record.killed++
    await saving
  })
}

/** The server's received messages, as a history. */
function receivedBy(server: TestServer, kind: Kind): HistoryEvent[] {
  return server.received().flatMap(({ at, session, message, who, key, isSaved }) =>
    session === null || message === null
      ? []
      : [
          {
            at,
            by: 'server',
            do: 'received',
            message: session + message,
            ...(kind === 'people' && { as: who }),
            key,
            isSaved,
          },
        ],
  )
}

/** The server's behaviour until the next kill. */
async function trouble(server: TestServer): Promise<void> {
  const mode = oneOf(['ok', 'ok', 'fail', 'slow', 'reset', 'lost', 'html', 'down'] as const)
  if (mode === 'down') return server.stop()
  await server.behave({ mode, delayMs: 150, ...(chance(0.5) ? { times: 5 } : {}) })
}

function nextSavings(record: Record): Saving[] {
  return Array.from({ length: 60 }, () => {
    const session = oneOf(SESSIONS)
    const number = record.next.get(session) ?? 1
    record.next.set(session, number + 1)
    const bytes = chance(0.1) ? floor(random() * 200_000) : 500
    const hasSecrets = record.kind === 'tokens'
    return {
      session,
      number,
      bytes,
      hasToken: hasSecrets && chance(0.3),
      hasQuery: hasSecrets && chance(0.1),
    }
  })
}

async function check(server: TestServer, record: Record, dead: Dead[]): Promise<void> {
  let rows = 0
  for (const session of SESSIONS) {
    const numbers = (await server.messages(session)).map(({ id }) => Number(id))
    rows += numbers.length
    // None twice, and all in the order in which one person saved them.
    expect(numbers).toEqual([...new Set(numbers)])
    if (record.kind !== 'people') expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    const there = new Set([
      ...numbers,
      ...dead.filter((each) => each.session === session).map(({ number }) => Number(number)),
    ])
    const promised = record.accepted.filter((each) => each.session === session)
    expect(promised.filter(({ number }) => !there.has(number))).toEqual([])
    if (record.kind === 'tokens') continue
    // Only what a lost key makes unreadable is given up; cookies need none. And what the browser was killed in the middle
    // of storing, of which only the place was written: that was never promised, and has no text.
    const saved = (record.next.get(session) ?? 1) - 1
    const lost = dead.filter((each) => each.session === session)
    expect(lost.filter(({ number }) => number !== undefined)).toEqual([])
    // An index that is set back to an older state has messages, too, that were sent since.
    const isOlder = record.damages.some((damage) => damage === 'cut log' || damage === 'no log')
    expect(lost.length).toBeLessThanOrEqual(saved - promised.length + (isOlder ? numbers.length : 0))
  }
  for (const { why } of dead) expect(why).toMatch(/^storage_unavailable/)
  const { killed, damages, accepted, restored, degraded } = record
  const counts = {
    kind: record.kind,
    killed,
    damages: damages.join(', '),
    accepted: accepted.length,
    rows,
    dead: dead.length,
  }
  console.log(JSON.stringify({ ...counts, restored, degraded }))
}
