import { measureClockOffset, readStreams } from '../in-page.ts'
import type { Path } from '../paths.ts'
import { percentile } from '../statistics.ts'
import { inTurn } from '../turns.ts'
import type { Sender } from './open-sender.ts'

/** One path's figures of one round, ms. */
export interface AcceptFigures {
  acceptP50: number
  acceptP99: number
  chatP50: number
  chatP99: number
}

export interface Accepted {
  path: Path
  rounds: AcceptFigures[]
}

/** A pace that the API's six connections stand, when each save takes 200 ms and one has the chat. ms */
export const EVERY_MS = 50

const EVENTS_PER_SECOND = 30

/** Measures what it takes until a page has the Response to a save while a chat streams; each round has another order. */
export async function measureAccept(
  senders: readonly Sender[],
  rounds: number,
  saves: number,
): Promise<Accepted[]> {
  const lanes = senders.map((sender) => ({ sender, accepted: { path: sender.path, rounds: [] } as Accepted }))
  for (let round = 0; round < rounds; round++) {
    for (const { sender, accepted } of inTurn(lanes, round))
      accepted.rounds.push(await measureOnce(sender, saves))
    console.error(`Accepting: round ${round + 1} of ${rounds}`)
  }
  return lanes.map(({ accepted }) => accepted)
}

async function measureOnce({ page, save, settle }: Sender, saves: number): Promise<AcceptFigures> {
  await page.bringToFront()
  const clockOffsetMs = await page.evaluate(measureClockOffset)
  // An idle worker was stopped since the last round, and code runs slower at first: that is not what is measured.
  await save(10, EVERY_MS)

  const events = Math.ceil((saves * EVERY_MS * EVENTS_PER_SECOND) / 1_000)
  const plan = { events, everyMs: 1_000 / EVENTS_PER_SECOND }
  const [[chat], tookMs] = await Promise.all([
    page.evaluate(readStreams, { plan, times: 1, clockOffsetMs }),
    save(saves, EVERY_MS),
  ])
  // Messages that are still being sent would disturb the next path.
  await settle()
  return {
    acceptP50: percentile(tookMs, 50),
    acceptP99: percentile(tookMs, 99),
    chatP50: percentile(chat?.delaysMs ?? [], 50),
    chatP99: percentile(chat?.delaysMs ?? [], 99),
  }
}
