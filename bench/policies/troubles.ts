import type { Chat } from './chats.ts'
import { meet } from './meet.ts'
import type { Outage } from './outages.ts'

/** The fault that a chat's first attempt meets when it is sent immediately: the same for every policy. */
export const TROUBLES = [
  'plain, nothing wrong',
  'plain, queued',
  'reasoning, at most 120 s',
  'reasoning, longer than 120 s',
  '429, at most 60 s, header',
  '429, at most 60 s, in the body',
  '429, at most 60 s, no time named',
  '429, longer than 60 s',
  '429, quota spent',
  'incident of the provider',
  'blip of the provider',
  'one 5xx',
  'no network, or a reset',
  'no headers, or no output',
  '200, then an error or a reset',
  'breaks off mid-stream',
  'three tabs in one outage',
] as const

/** No chat of the month: these are added to it. */
export const TABS_IN_AN_OUTAGE = 'three tabs in one outage'

export type Trouble = (typeof TROUBLES)[number]

const LONG_LIMIT_MS = 60_000
const LONG_ANSWER_MS = 120_000

export function troubleOf(seed: number, outages: readonly Outage[], chat: Chat): Trouble {
  const meeting = meet(seed, outages, chat, 1, chat.at)
  switch (meeting.kind) {
    case 'network_error':
      return 'no network, or a reset'
    case 'hang':
      return meeting.why === 'hang' ? 'no headers, or no output' : 'incident of the provider'
    case 'refusal':
      if (meeting.why === 'limit') {
        if ((meeting.retryAfterMs ?? 0) > LONG_LIMIT_MS) return '429, longer than 60 s'
        const { hint } = chat.session
        if (hint === 'header') return '429, at most 60 s, header'
        return hint === 'body' ? '429, at most 60 s, in the body' : '429, at most 60 s, no time named'
      }
      if (meeting.why === 'quota') return '429, quota spent'
      if (meeting.why === 'server_error') return 'one 5xx'
      return meeting.why === 'blip' ? 'blip of the provider' : 'incident of the provider'
    case 'accepted': {
      const { end, outputMs, lastMs, isSlow } = meeting
      if (end.kind !== 'whole') {
        if (end.atMs > outputMs) return 'breaks off mid-stream'
        return end.kind === 'stall' ? 'no headers, or no output' : '200, then an error or a reset'
      }
      if (isSlow) return 'plain, queued'
      if (!chat.reasoning) return 'plain, nothing wrong'
      return lastMs > LONG_ANSWER_MS ? 'reasoning, longer than 120 s' : 'reasoning, at most 120 s'
    }
  }
}
