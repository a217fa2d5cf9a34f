import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SaveRouteOptions } from '../../core/options/options.ts'
import { createWorld, type Fate, type Saved, type World, type WorldWorker } from '../testing/outbox-world.ts'

const RUNS = Number(process.env.RUNS ?? 10_000)
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const PEOPLE = [null, 'ada', 'grace']
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The server has the message, and has said so. */
const SENT: Fate[] = ['created', 'moved', 'moved201']

/** The message is at the server, whatever it said of it. */
const EFFECTS = new Set<Fate>([...SENT, 'lostAnswer', 'silent', 'error', 'shown'])

/** The sender cannot know whether the server has the message. */
const UNSURE = new Set<Fate>(['error', 'shown', 'redirected'])

interface Plain {
  do: 'all happens' | 'new worker' | 'woken' | 'flush' | 'retry the dead' | 'lose the newest' | 'clear'
}

type Step =
  | ({ do: 'save'; isByOldest: boolean } & Pick<Saved, 'conversation' | 'settings' | 'search' | 'hasToken'>)
  | { do: 'happen'; order: number[] }
  | Plain
  | { do: 'storage refuses'; times: number }
  | { do: 'time passes' | 'storage is slow' | 'clock is set'; ms: number }
  | { do: 'die'; written: boolean[] }
  | { do: 'lose the index'; lost: boolean[] }
  | { do: 'sign in'; name: string | null }
  | { do: 'server'; fates: Fate[] }
  | { do: 'page has credentials'; has: boolean }

const fate = fc.constantFrom<Fate>(
  'created',
  'noNetwork',
  'lostAnswer',
  'busy',
  'limited',
  'error',
  'conflict',
  'refused',
  'unauthorized',
  'forbidden',
  'portal',
  'silent',
  'redirected',
  'shown',
  'moved',
  'moved201',
  'stale',
  'edge',
  'deploying',
  'absurd',
  'absurdEpoch',
)
const bits = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 })
const only = (...names: Plain['do'][]) => fc.constantFrom(...names).map((name) => ({ do: name }))
const passing = (name: 'time passes' | 'storage is slow' | 'clock is set', ...ms: number[]) =>
  fc.constantFrom(...ms).map((each) => ({ do: name, ms: each }))

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('save' as const),
      isByOldest: fc.constantFrom(false, false, true),
      conversation: fc.constantFrom('a', 'a', 'b'),
      settings: fc.constantFrom<Partial<SaveRouteOptions>>(
        {},
        {},
        { whenUnsure: 'hold' },
        { afterDead: 'hold' },
      ),
      search: fc.constantFrom('', '', '', '?q=1'),
      hasToken: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('happen' as const),
      order: fc.array(fc.nat(5), { minLength: 1, maxLength: 12 }),
    }),
  },
  { weight: 4, arbitrary: only('all happens') },
  { weight: 4, arbitrary: only('woken', 'flush', 'retry the dead', 'new worker') },
  { weight: 3, arbitrary: passing('time passes', 1_000, 6_000, 60_000, 2 * HOUR) },
  { weight: 1, arbitrary: passing('storage is slow', 1, 100, 1_000, 2_900, 5_000) },
  { weight: 1, arbitrary: passing('clock is set', -8 * DAY, -HOUR, -1_000, 5_000, HOUR, 8 * DAY) },
  { weight: 1, arbitrary: only('lose the newest', 'clear') },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('storage refuses' as const), times: fc.nat(6) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('die' as const), written: bits }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose the index' as const), lost: bits }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('sign in' as const), name: fc.constantFrom(...PEOPLE) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('server' as const), fates: fc.array(fate, { maxLength: 6 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('page has credentials' as const), has: fc.boolean() }),
  },
)

/** The state of one run of the property. */
interface Game {
  world: World
  workers: WorldWorker[]
  /** Those that a person sent again: they may be out of order, and there twice. */
  retried: Set<string>
  /** Under way, with whose it is. */
  clears: Map<object, string | null>
  /** Those that were saved before a clear() of their sender had ended. */
  cleared: Set<string>
  /** Those whose clear() has not ended, or was refused. */
  halfCleared: Set<string>
}

async function play(game: Game, each: Step): Promise<void> {
  const { world } = game
  // Pages talk to the newest worker, but for what is on its way to the one before.
  const worker = game.workers.at(-1)
  if (!worker) return
  const restart = (written: boolean[]) => {
    for (const old of game.workers) old.kill((place) => written[place % written.length] ?? false)
    game.workers = [world.boot()]
    game.clears.clear()
  }
  switch (each.do) {
    case 'save':
      world.save((each.isByOldest && game.workers[0]) || worker, each)
      return noteCleared(game)
    case 'happen':
      for (const which of each.order) {
        world.happen(which)
        await world.settle()
      }
      return
    case 'all happens':
      return allHappens(world)
    case 'time passes':
      await allHappens(world)
      return world.advance(each.ms)
    case 'storage is slow':
      return world.advance(each.ms)
    case 'clock is set':
      // Two workers agree on the order by the clock: while there are two, nobody sets it.
      return game.workers.length > 1 ? undefined : world.setClock(each.ms)
    case 'die':
      return restart(each.written)
    case 'lose the index':
      restart(each.lost)
      return world.loseIndex((place) => each.lost[place % each.lost.length] ?? false)
    case 'lose the newest':
      restart([true])
      return world.loseTheNewest()
    case 'storage refuses':
      return world.refuse(each.times)
    case 'new worker':
      if (game.workers.length < 2) game.workers.push(world.boot())
      return
    case 'woken':
    case 'flush':
      return void worker.outbox.drain(each.do)
    case 'clear':
      return clear(game, worker)
    case 'sign in':
      return world.signIn(each.name)
    case 'server':
      return world.fates([...each.fates])
    case 'page has credentials':
      return world.giveAuth(each.has ? { Authorization: 'Bearer new' } : null)
    case 'retry the dead':
      return retryTheDead(game, worker)
  }
}

function clear(game: Game, { outbox }: WorldWorker): void {
  const { world, clears, halfCleared } = game
  const owner = world.principal()
  const each = {}
  clears.set(each, owner)
  noteCleared(game)
  const clearing = outbox.clear()
  const settle = async () => {
    const [{ status }] = await Promise.allSettled([clearing])
    clears.delete(each)
    if (status === 'rejected') return
    for (const saved of world.saved) if (saved.owner === owner) halfCleared.delete(saved.text)
  }
  void settle()
}

function noteCleared({ world, clears, cleared, halfCleared }: Game): void {
  const owners = new Set(clears.values())
  for (const { owner, text } of world.saved) {
    if (!owners.has(owner)) continue
    cleared.add(text)
    halfCleared.add(text)
  }
}

async function retryTheDead({ world, retried }: Game, { outbox }: WorldWorker): Promise<void> {
  const listing = outbox.list().catch(() => [])
  await allHappens(world)
  for (const { id, state } of await listing) {
    if (state !== 'dead') continue
    retried.add(world.textOf.get(id) ?? '')
    void outbox.retry(id).catch(() => {}) // Storage was slow: it stays dead.
  }
  await world.settle()
}

async function allHappens(world: World): Promise<void> {
  await world.settle()
  for (let turns = 0; world.underWay() > 0; turns++) {
    if (turns > 5_000) throw new Error('It never comes to rest')
    world.happen(0)
    await world.settle()
  }
}

/** Everybody comes back, the network and the server are there, and hours pass. */
async function allGetsWell({ world, workers }: Game): Promise<void> {
  world.fates([])
  world.refuse(0)
  world.giveAuth({ Authorization: 'Bearer new' })
  for (const name of PEOPLE) {
    await allHappens(world)
    world.signIn(name)
    for (let round = 0; round < 3; round++) {
      for (const { outbox } of workers) void outbox.drain('flush')
      await allHappens(world)
      world.advance(600_000)
    }
    await allHappens(world)
  }
}

/** The messages that each user still sees, by text. */
async function listEverybodys({ world, workers }: Game) {
  const found = new Map<string, { owner: string | null; state: string; conversation: string }>()
  for (const owner of PEOPLE) {
    world.signIn(owner)
    const listing = workers.at(-1)?.outbox.list()
    await allHappens(world)
    for (const { id, state, conversation } of (await listing) ?? []) {
      found.set(world.textOf.get(id) ?? id, { owner, state, conversation })
    }
  }
  return found
}

test(
  `whatever happens, in whatever order: ${RUNS} lives of an outbox`,
  async () => {
    console.log(`Seed ${SEED}: to have the same lives again, set SEED to it`)
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), async (steps) => {
        const world = createWorld()
        const game: Game = {
          world,
          workers: [world.boot()],
          retried: new Set(),
          cleared: new Set(),
          halfCleared: new Set(),
          clears: new Map(),
        }
        for (const each of steps) {
          await play(game, each)
          await world.settle()
          expect(world.beyondTheirAge()).toEqual([])
        }
        await allGetsWell(game)

        const { arrivals, saved } = world
        const left = await listEverybodys(game)
        const promised = saved.filter(
          ({ promisedAt, text }) => promisedAt !== undefined && !game.cleared.has(text),
        )
        const arrivalsOf = ({ text }: Saved) => arrivals.filter((arrival) => arrival.text === text)

        for (const message of promised) {
          const { text, owner, conversation, settings } = message
          const mine = arrivalsOf(message)
          const entry = left.get(text)
          // It ends sent, or where its owner sees it: dead, or behind a dead letter that holds.
          if (!entry) expect(mine.some((each) => SENT.includes(each.fate))).toBe(true)
          else {
            expect(entry.owner).toBe(owner)
            const isHeld = saved.some(
              (other) =>
                left.get(other.text)?.state === 'dead' &&
                other.settings.afterDead === 'hold' &&
                other.owner === owner &&
                other.conversation === conversation,
            )
            expect(entry.state === 'dead' || isHeld).toBe(true)
          }
          // Once in effect: all its arrivals have one key, which is nobody else's.
          expect(new Set(mine.map(({ key }) => key)).size).toBeLessThanOrEqual(1)
          // Nobody else sent it.
          expect(mine.filter(({ as }) => as !== owner)).toEqual([])
          // Where that was asked for, nothing is sent again whose fate is unknown.
          if (settings.whenUnsure === 'hold' && !game.retried.has(text)) {
            const unsure = mine.findIndex(({ hasReply, fate: which }) => !hasReply || UNSURE.has(which))
            expect(unsure).toBeOneOf([-1, mine.length - 1])
          }
        }
        // What was promised is whole, or gone.
        const torn = new Set(world.torn().map((id) => world.textOf.get(id)))
        const isWhole = ({ promisedAt, text }: Saved) =>
          promisedAt === undefined || game.halfCleared.has(text) || !torn.has(text)
        expect(saved.filter((each) => !isWhole(each))).toEqual([])
        // Pages hear of it once.
        const emitted = world.statuses.flatMap((each) => (each.status === 'save_sent' ? [each.entryId] : []))
        expect(emitted).toEqual([...new Set(emitted)])
        expect(new Set(arrivals.map(({ key }) => key)).size).toBe(
          new Set(arrivals.map(({ text }) => text)).size,
        )

        // In order, inside one person's conversation: a message that was promised before another was saved, or was
        // given to the same worker before it, has its effect before it, and does not come again after it. One that was
        // dead lets others pass.
        const effects = arrivals.filter(({ fate: which }) => EFFECTS.has(which)).map(({ text }) => text)
        for (const [place, later] of saved.entries()) {
          const effectAt = effects.indexOf(later.text)
          if (effectAt < 0 || !promised.includes(later)) continue
          const isBefore = (each: Saved) =>
            each.owner === later.owner &&
            each.conversation === later.conversation &&
            promised.includes(each) &&
            !world.everPassed.has(each.text) &&
            (each.worker === later.worker || (each.promisedAt ?? Infinity) <= place)
          for (const earlier of saved.slice(0, place).filter(isBefore)) {
            expect([earlier.text, effects.indexOf(earlier.text)]).toEqual([
              earlier.text,
              expect.toSatisfy((at: number) => at >= 0 && at < effectAt),
            ])
            const firstOf = arrivals.findIndex(({ text }) => text === later.text)
            const lastOf = arrivals.findLastIndex(({ text }) => text === earlier.text)
            expect([earlier.text, later.text, lastOf < firstOf]).toEqual([earlier.text, later.text, true])
          }
        }

        // A person sends the dead again: then all is there, but what has lost its query.
        for (const owner of PEOPLE) {
          world.signIn(owner)
          for (const { outbox } of game.workers) await retryTheDead(game, { outbox, kill: () => {} })
          await allHappens(world)
        }
        await allGetsWell(game)
        const still = await listEverybodys(game)
        for (const { text, search } of promised) if (search === '') expect(still.get(text)).toBeUndefined()
      }),
      { numRuns: RUNS, seed: SEED },
    )
  },
  Math.max(600_000, RUNS * 100),
)
