import type { Clock, Random } from '../clock.ts'
import { type RetryTokens, type RetryTokensPolicy, shiftTokens, takeRetry } from './retry-tokens.ts'
import { createRateLimitGate, type RateLimitGate, type Ticket } from './rate-limit-gate.ts'

/** The facts that requests with shared limits have in common. */
export interface UpstreamKey {
  /** The upstream's origin. */
  origin: string
  model?: string | undefined
  /** A digest, never the credential itself; empty when there is none. */
  credential: string
}

/** One request among all that share its limits. */
export interface Participant extends Ticket {
  /** How long the shared retry tokens hold back its next retry, ms; 0: there is a token. */
  tokenInMs: (policy: RetryTokensPolicy | false) => number
  /** Takes that token. */
  takeToken: (policy: RetryTokensPolicy | false) => void
  /** The request is over. */
  leave: () => void
}

/** All known limits: plain JSON, to be kept for the next start. All instants in epoch ms. */
export interface KnownLimits {
  /** When this was recorded; absent in data that 0.1.0 has stored. */
  at?: number
  /** By upstream key: until when its gate is shut. */
  shut: Record<string, number>
  /** By origin and model: the retry tokens that are left. */
  buckets: Record<string, RetryTokens>
}

export interface Limits {
  join: (upstream: UpstreamKey) => Participant
  /** Adds limits that were known before. */
  restore: (known: KnownLimits) => void
  /** Forgets the limits of upstreams without requests under way, and all retry tokens. */
  forget: () => void
}

export interface LimitsContext {
  clock: Clock
  random: Random
  /** Called on every change. */
  changed?: (known: KnownLimits) => void
}

/** A gate keeps probing for this long after its time; by then no held request remains. ms */
const FORGET_SHUT_MS = 60_000
const FORGET_TOKENS_MS = 3_600_000

/**
 * The limits that all requests of one worker (or of one `createResilientFetch`) learn about their upstreams, and share.
 */
export function createLimits({ clock, random, changed = () => {} }: LimitsContext): Limits {
  const upstreams = new Map<string, { gate: RateLimitGate; participants: number }>()
  const tokensByKey = new Map<string, RetryTokens>()

  /** Reports what is worth keeping, and forgets the rest. */
  const publish = () => {
    const now = clock.monotonic()
    const toEpochMs = clock.now() - now
    const shut: KnownLimits['shut'] = {}
    for (const [key, { gate, participants }] of upstreams) {
      const until = gate.shutUntil()
      if (until === undefined) continue
      if (participants === 0 && until < now - FORGET_SHUT_MS) upstreams.delete(key)
      else shut[key] = until + toEpochMs
    }
    for (const [key, { at }] of tokensByKey) if (at < now - FORGET_TOKENS_MS) tokensByKey.delete(key)
    const shifted = Array.from(tokensByKey, ([key, tokens]) => [key, shiftTokens(tokens, toEpochMs)] as const)
    changed({ at: clock.now(), shut, buckets: Object.fromEntries(shifted) })
  }

  const upstreamOf = (key: string) => {
    const upstream = upstreams.get(key) ?? {
      gate: createRateLimitGate({ clock, random, changed: publish }),
      participants: 0,
    }
    upstreams.set(key, upstream)
    return upstream
  }

  return {
    join: ({ origin, model = '', credential }) => {
      const tokensKey = `${origin} ${model}`
      const key = `${tokensKey} ${credential}`
      const upstream = upstreamOf(key)
      upstream.participants++
      const ticket = upstream.gate.visit()
      return {
        ...ticket,
        tokenInMs: (policy) => {
          const now = clock.monotonic()
          return policy ? takeRetry(tokensByKey.get(tokensKey), policy, now).at - now : 0
        },
        takeToken: (policy) => {
          if (!policy) return
          tokensByKey.set(tokensKey, takeRetry(tokensByKey.get(tokensKey), policy, clock.monotonic()).left)
          publish()
        },
        leave: () => {
          ticket.ended()
          upstream.participants--
          if (upstream.participants === 0 && upstream.gate.shutUntil() === undefined) upstreams.delete(key)
        },
      }
    },
    forget: () => {
      for (const [key, { participants }] of upstreams) if (participants === 0) upstreams.delete(key)
      tokensByKey.clear()
      publish()
    },
    restore: (before) => {
      // Nothing can have been recorded later than now, unless the wall clock was set back meanwhile.
      const fromEpochMs = clock.monotonic() - Math.max(clock.now(), before.at ?? 0)
      for (const [key, tokens] of Object.entries(before.buckets)) {
        if (!tokensByKey.has(key)) tokensByKey.set(key, shiftTokens(tokens, fromEpochMs))
      }
      // Limits that are long over are forgotten when they are published.
      for (const [key, until] of Object.entries(before.shut)) upstreamOf(key).gate.shut(until + fromEpochMs)
    },
  }
}
