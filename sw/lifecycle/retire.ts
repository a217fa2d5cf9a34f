import type { Clock } from '../../core/clock.ts'
import type { Options } from '../../core/options/options.ts'
import { installHandlers } from '../install-handlers.ts'
import { takeOverWhenIdle } from './take-over.ts'
import { worker } from '../worker.ts'

/** How often it checks whether it may unregister, ms. */
const LOOK_MS = 1_000

/**
 * Runs the retiring worker: it replaces the active one as soon as that has nothing under way, whether or not a page
 * asks for it; sends what waits, and leaves everything else to the network; and unregisters when nothing is left to
 * send. For the ready-made worker only.
 */
export function retire(clock: Clock, options: Options): void {
  takeOverWhenIdle(clock, { unasked: true })
  const leave = () => {
    const { registration } = worker
    const { installing, waiting, active } = registration
    // Not while the previous version is active, nor when there is a newer one; a worker learns late that it is active.
    // Nor in its own `activate`: in Firefox that event would never end, and no request of a page that it controls
    // would.
    if (installing || waiting || active?.state !== 'activated') clock.timer(LOOK_MS, lookAgain)
    else void registration.unregister()
  }
  /** Meanwhile the previous version may have accepted a message that it could not send. */
  const lookAgain = () => {
    isEmpty().then(
      (isStill) => isStill && leave(),
      () => {}, // Storage refuses: the next run will report it.
    )
  }
  const { isEmpty } = installHandlers({ ...options, enabled: false }, leave)
}
