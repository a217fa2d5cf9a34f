import type { Clock } from '../../core/clock.ts'
import type { Network } from '../../core/network.ts'
import type { Session } from './chats.ts'

/** A browser's report of its network: it follows the outages that its chats meet, and is true. */
export function networkOf({ offline }: Session, clock: Clock, beganAt: number): Network {
  const isOnline = () => {
    const at = clock.now() - beganAt
    return !offline.some(({ from, until }) => from <= at && at < until)
  }
  return {
    isOnline,
    onOnline: (callback) => {
      const at = clock.now() - beganAt
      const disarm = offline
        .filter(({ until }) => until > at)
        .map(({ until }) => clock.timer(until - at, () => isOnline() && callback()))
      return () => {
        for (const stop of disarm) stop()
      }
    },
  }
}
