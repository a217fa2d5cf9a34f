import type { Path } from '../paths.ts'
import { tellCount } from '../report.ts'
import { startBenchServer } from '../server.ts'
import { inTurn } from '../turns.ts'
import { bundleWorker } from './bundle-worker.ts'
import { type Accepted, measureAccept } from './measure-accept.ts'
import { type Drained, type Frames, measureDrain, measureIdleFrames, warmUp } from './measure-drain.ts'
import { measureSteps, type Step } from './measure-steps.ts'
import { openSender, type Sender } from './open-sender.ts'
import { savePaths } from './paths.ts'
import { createReceiver } from './receiver.ts'

export interface MeasuredSaves {
  accepted: Accepted[]
  drained: Drained[]
  idleFrames: Frames
  steps: Step[]
}

interface Sizes {
  /** How many are queued; the greatest once only. */
  queued: readonly [number, number, number]
  /** How many a page saves in each round. */
  saves: number
  idleMs: number
  /** How often each step is done. */
  steps: number
}

const FULL: Sizes = { queued: [100, 1_000, 10_000], saves: 30, idleMs: 1_000, steps: 200 }
const QUICK: Sizes = { queued: [20, 50, 200], saves: 20, idleMs: 500, steps: 20 }

/** The API's response time while accepting messages is measured, ms. */
const ANSWER_MS = 200

/** Measures how saved messages are accepted, and sent after the API was down. */
export async function measureSaves(rounds: number, quick: boolean): Promise<MeasuredSaves> {
  const { queued, saves, idleMs, steps: times } = quick ? QUICK : FULL
  const [few, some, many] = queued
  const paths = savePaths(await bundleWorker(), many)
  const { none, minimal, keeper, full, workbox } = paths
  const receiver = createReceiver()
  const server = await startBenchServer(Object.values(paths), receiver.answer)
  const open: Sender[] = []
  const start = async (path: Path, delayMs: number) => {
    const sender = await openSender(path, server, receiver, delayMs)
    open.push(sender)
    return sender
  }

  const drainSmall = async (path: Path, count: number) => {
    const sender = await start(path, 0)
    await warmUp(sender)
    await sender.queue(count)
    const figures = await measureDrain(sender)
    await sender.close()
    return figures
  }

  try {
    const filled = await start(full, 0)
    const idleFrames = await measureIdleFrames(filled, idleMs)
    await warmUp(filled)
    await filled.queue(many)
    console.error(`${tellCount(many)} are queued`)

    const others: Sender[] = []
    for (const path of [none, workbox, minimal, keeper]) others.push(await start(path, ANSWER_MS))
    const [plain] = others
    const steps = plain ? await measureSteps(plain, times) : []
    const accepted = await measureAccept([...others, filled], rounds, saves)
    for (const sender of others) await sender.close()

    const small = [few, some].flatMap((queued) =>
      [keeper, workbox].map((path): Drained => ({ path, queued, rounds: [] })),
    )
    const great: Drained = { path: keeper, queued: many, rounds: [] }
    for (let round = 0; round < rounds; round++) {
      for (const { path, queued, rounds } of inTurn(small, round)) rounds.push(await drainSmall(path, queued))
      // Beside those of the first round, with which it is compared.
      if (round === 0) {
        great.rounds.push(await measureDrain(filled))
        await filled.close()
      }
      console.error(`Sending: round ${round + 1} of ${rounds}`)
    }
    return { accepted, drained: [...small, great], idleFrames, steps }
  } finally {
    await Promise.all(open.map((sender) => sender.close()))
    await server.close()
  }
}
