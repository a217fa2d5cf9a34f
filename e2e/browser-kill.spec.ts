import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { type Damage, damageIndexedDb, DAMAGES } from './browser-kill/damage.ts'
import { killBrowser } from './browser-kill/kill-browser.ts'
import { openSavingApp, type Saving, type SavingApp } from './browser-kill/saving-app.ts'
import { launchOptions } from './launch-options.ts'
import { expect, test } from './test.ts'
import type { TestServer } from './test-server.ts'

/** `npm run test:endurance` asks for more. */
const KILLS = Number(process.env.KILLS ?? 3)

/** So many in a row of one profile. */
const BATCH = 25

/** One time in so many the database's files are damaged while the browser is down. */
const DAMAGE_EVERY = 3

const SESSIONS = ['a', 'b', 'c', 'd', 'e', 'f']

const { random, floor } = Math
const chance = (share: number) => random() < share
const oneOf = <Item>(items: readonly Item[]) => items[floor(random() * items.length)] as Item

for (let batch = 0; batch * BATCH < KILLS; batch++) {
  const kills = Math.min(BATCH, KILLS - batch * BATCH)

  test(`${batch + 1}: the browser is killed while messages are saved and sent, ${kills} times`, async ({
    server,
  }) => {
    test.setTimeout(60_000 + kills * 20_000)
    const profile = await mkdtemp(join(tmpdir(), 'streamkeeper-killed-'))
    const record = createRecord()
    try {
      for (let kill = 0; kill < kills; kill++) {
        await runUntilKilled(profile, server, record)
        if ((kill + 1) % DAMAGE_EVERY !== 0) continue
        const damage = oneOf(DAMAGES)
        if (damageIndexedDb(profile, damage)) record.damages.push(damage)
      }
      await server.start()
      await server.behave({ mode: 'ok' })
      await visit(profile, server, record, async (app) => {
        const drained = () => app.drain()
        await expect.poll(async () => (await drained()).waiting, { timeout: 60_000 }).toBe(0)
        await check(server, record, (await drained()).dead)
      })
    } finally {
      killBrowser(profile)
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    }
  })
}

function createRecord() {
  return {
    /** The next number of each session. */
    next: new Map(SESSIONS.map((session) => [session, 1])),
    accepted: [] as Saving[],
    damages: [] as Damage[],
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
  use: (app: SavingApp) => Promise<void>,
): Promise<void> {
  const context = await chromium.launchPersistentContext(profile, launchOptions())
  try {
    const page = context.pages()[0] ?? (await context.newPage())
    const app = await openSavingApp(page, server.url, (saving) => record.accepted.push(saving))
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
  await visit(profile, server, record, async (app) => {
    record.restored += await app.told('outbox_restored')
    await trouble(server)
    const saving = app.save(nextSavings(record)).catch(() => {}) // The browser is gone.
    await new Promise((resolve) => setTimeout(resolve, 50 + random() * 1_500))
    expect(killBrowser(profile)).toBeGreaterThan(0)
    record.killed++
    await saving
  })
}

/** What the server does until the next kill. */
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
    return { session, number, bytes, hasToken: chance(0.3), hasQuery: chance(0.1) }
  })
}

async function check(
  server: TestServer,
  record: Record,
  dead: { session: string; number: string | undefined; why: string }[],
): Promise<void> {
  let rows = 0
  for (const session of SESSIONS) {
    const numbers = (await server.messages(session)).map(({ id }) => Number(id))
    rows += numbers.length
    // None twice, and all in the order in which they were saved.
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
    const there = new Set([
      ...numbers,
      ...dead.filter((each) => each.session === session).map(({ number }) => Number(number)),
    ])
    const promised = record.accepted.filter((each) => each.session === session)
    expect(promised.filter(({ number }) => !there.has(number))).toEqual([])
  }
  // Only what a lost key makes unreadable, or what was never answered, is given up.
  for (const { why } of dead) expect(why).toMatch(/^storage_unavailable/)
  const { killed, damages, accepted, restored, degraded } = record
  const counts = { killed, damages: damages.join(', '), accepted: accepted.length, rows, dead: dead.length }
  console.log(JSON.stringify({ ...counts, restored, degraded }))
}
