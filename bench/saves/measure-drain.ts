import type { Path } from '../paths.ts'
import { percentile } from '../statistics.ts'
import { type Watch, watch } from './in-page.ts'
import type { Sender } from './open-sender.ts'

/** One drain's figures. Times in ms. */
export interface DrainFigures {
  sent: number
  total: number
  perMessage: number
  framesP50: number
  framesP99: number
}

/** Queued messages, sent by one path. */
export interface Drained {
  path: Path
  queued: number
  rounds: DrainFigures[]
}

const WARM_UP = 50

/** Code runs slower at first, and a database grows: that is not what is measured. */
export async function warmUp({ page, queue, send }: Sender): Promise<void> {
  await page.bringToFront()
  await queue(WARM_UP)
  await send()
}

/** Measures what it takes to send what is queued. */
export async function measureDrain({ page, send }: Sender): Promise<DrainFigures> {
  await page.bringToFront()
  const { sent, totalMs, framesMs } = await send()
  return { sent, total: totalMs, perMessage: totalMs / sent, ...describeFrames(framesMs) }
}

export type Frames = Pick<DrainFigures, 'framesP50' | 'framesP99'>

/** The frames of a page that has nothing to do. */
export async function measureIdleFrames({ page }: Sender, forMs: number): Promise<Frames> {
  await page.bringToFront()
  const { framesMs } = await page.evaluate(watch, { nothingForMs: forMs } satisfies Watch)
  return describeFrames(framesMs)
}

function describeFrames(framesMs: readonly number[]): Frames {
  return { framesP50: percentile(framesMs, 50), framesP99: percentile(framesMs, 99) }
}
