import type { Clock } from '../../core/clock.ts'
import type { Options } from '../../core/options/options.ts'
import { installHandlers } from '../install-handlers.ts'
import { takeOverWhenIdle } from './take-over.ts'
import { worker } from '../worker.ts'

/** How often it looks whether it may go, ms. */
const LOOK_MS = 1_000

/**
 * Runs the worker that takes itself away: it replaces the active one as soon as that has nothing under way, whether or
 * not a page says so; sends what waits, and leaves everything else to the network; and unregisters when nothing is left
 * to send. For the ready-made worker only.
 */
export function retire(clock: Clock, options: Options): void {
  takeOverWhenIdle(clock, { unasked: true })
  const leave = () => {
    const { registration } = worker
    const { installing, waiting, active } = registration
    // Not while the version before it is at work, nor when there is a newer one; a worker learns of its own turn late.
    // Nor in its own `activate`: in Firefox that then never ends, and with it no request of a page that it controls.
    if (installing || waiting || active?.state !== 'activated') clock.timer(LOOK_MS, lookAgain)
    else void registration.unregister()
  }
  /** Meanwhile the version before it may have taken a message that it could not send. */
  const lookAgain = () => {
    isEmpty().then(
      (isStill) => isStill && leave(),
      () => {}, // Storage refuses: the next run will tell.
    )
  }
  const { isEmpty } = installHandlers({ ...options, enabled: false }, leave)
}
