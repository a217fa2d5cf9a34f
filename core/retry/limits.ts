import type { Clock, Random } from '../clock.ts'
import { type Bucket, type BucketPolicy, shiftBucket, takeRetry } from './bucket.ts'
import { createGate, type Gate, type Visitor } from './gate.ts'

/** What requests have in common that share their limits. */
export interface Lane {
  /** The upstream's origin. */
  origin: string
  model?: string | undefined
  /** A digest, never the credential itself; empty when there is none. */
  credential: string
}

/** One request among all that share its limits. */
export interface Member extends Visitor {
  /** How long the retry tokens that all share keep this one's next retry back, ms; 0: there is one. */
  tokenInMs: (policy: BucketPolicy | false) => number
  /** Takes that token. */
  takeToken: (policy: BucketPolicy | false) => void
  /** It needs nothing more. */
  leave: () => void
}

/** What is known of all upstreams: plain JSON, to be kept for the next start. All instants in epoch ms. */
export interface KnownLimits {
  /** When this was known; absent in what 0.1.0 has stored. */
  at?: number
  /** Lane → until when it is shut. */
  shut: Record<string, number>
  /** Origin and model → what is left for retries. */
  buckets: Record<string, Bucket>
}

export interface Limits {
  join: (lane: Lane) => Member
  /** Adds what was known before. */
  restore: (known: KnownLimits) => void
  /** Forgets what is known of upstreams that nothing is under way to, and every bucket. */
  forget: () => void
}

export interface LimitsContext {
  clock: Clock
  random: Random
  /** Hears of every change. */
  changed?: (known: KnownLimits) => void
}

/** So long after its time a shut gate still sends a probe ahead; then nobody is left that it held back, ms. */
const FORGET_SHUT_MS = 60_000
const FORGET_BUCKET_MS = 3_600_000

/** What all requests of one worker (or of one `createResilientFetch`) learn about their upstreams, and share. */
export function createLimits({ clock, random, changed = () => {} }: LimitsContext): Limits {
  const lanes = new Map<string, { gate: Gate; members: number }>()
  const buckets = new Map<string, Bucket>()

  /** Tells what is worth keeping, and forgets the rest. */
  const tell = () => {
    const now = clock.monotonic()
    const toEpochMs = clock.now() - now
    const shut: KnownLimits['shut'] = {}
    for (const [key, { gate, members }] of lanes) {
      const until = gate.shutUntil()
      if (until === undefined) continue
      if (members === 0 && until < now - FORGET_SHUT_MS) lanes.delete(key)
      else shut[key] = until + toEpochMs
    }
    for (const [key, { at }] of buckets) if (at < now - FORGET_BUCKET_MS) buckets.delete(key)
    const shifted = Array.from(buckets, ([key, bucket]) => [key, shiftBucket(bucket, toEpochMs)] as const)
    changed({ at: clock.now(), shut, buckets: Object.fromEntries(shifted) })
  }

  const laneOf = (key: string) => {
    const lane = lanes.get(key) ?? { gate: createGate({ clock, random, changed: tell }), members: 0 }
    lanes.set(key, lane)
    return lane
  }

  return {
    join: ({ origin, model = '', credential }) => {
      const upstream = `${origin} ${model}`
      const key = `${upstream} ${credential}`
      const lane = laneOf(key)
      lane.members++
      const visitor = lane.gate.visit()
      return {
        ...visitor,
        tokenInMs: (policy) => {
          const now = clock.monotonic()
          return policy ? takeRetry(buckets.get(upstream), policy, now).at - now : 0
        },
        takeToken: (policy) => {
          if (!policy) return
          buckets.set(upstream, takeRetry(buckets.get(upstream), policy, clock.monotonic()).left)
          tell()
        },
        leave: () => {
          visitor.ended()
          lane.members--
          if (lane.members === 0 && lane.gate.shutUntil() === undefined) lanes.delete(key)
        },
      }
    },
    forget: () => {
      for (const [key, { members }] of lanes) if (members === 0) lanes.delete(key)
      buckets.clear()
      tell()
    },
    restore: (before) => {
      // Nothing that is known can be of later: then the wall clock was set back meanwhile.
      const fromEpochMs = clock.monotonic() - Math.max(clock.now(), before.at ?? 0)
      for (const [key, bucket] of Object.entries(before.buckets)) {
        if (!buckets.has(key)) buckets.set(key, shiftBucket(bucket, fromEpochMs))
      }
      // What is long over is forgotten again by being told.
      for (const [key, until] of Object.entries(before.shut)) laneOf(key).gate.shut(until + fromEpochMs)
    },
  }
}
