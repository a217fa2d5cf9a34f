import { percentile } from '../statistics.ts'
import type { Attempt } from './provider.ts'
import type { Run } from './run-policy.ts'

/** The figures of one policy and one seed. Durations in s, the rest counts unless it says so. */
export interface Figures {
  /** Percent. */
  answered: number
  /** A part, taken for all. */
  cut: number
  /** Neither an answer nor an error until nobody looked any more. */
  never: number
  outputP50: number
  outputP95: number
  outputP99: number
  /** Chats that end in an error: how long until it is told. */
  toldP50: number
  toldP95: number
  /** While a chat is open and nothing is under way: backoff, and whatever is waited for before it is sent. */
  idleHours: number
  requests: number
  /** 2xx headers, and no whole answer from it. */
  paidInVain: number
  /** The model had begun, or there were 2xx headers, and no whole answer from it. */
  begunInVain: number
}

export function figuresOf(run: Run): Figures {
  const { seen, attempts } = run
  const outputs = seen.flatMap(({ firstOutputMs }) => firstOutputMs ?? [])
  const told = seen.filter(({ end }) => end === 'told').map(({ endMs }) => endMs)
  const count = (...ends: string[]) => seen.filter(({ end }) => ends.includes(end)).length
  const secondsAt = (values: readonly number[], percent: number) => percentile(values, percent) / 1_000
  const vain = attempts.filter(({ isWhole }) => !isWhole)
  return {
    answered: (100 * count('whole')) / seen.length,
    cut: count('cut'),
    never: count('never'),
    outputP50: secondsAt(outputs, 50),
    outputP95: secondsAt(outputs, 95),
    outputP99: secondsAt(outputs, 99),
    toldP50: secondsAt(told, 50),
    toldP95: secondsAt(told, 95),
    idleHours: idleMs(run) / 3_600_000,
    requests: attempts.length,
    paidInVain: vain.filter(({ acceptedAt }) => acceptedAt !== undefined).length,
    begunInVain: vain.filter(hadBegun).length,
  }
}

function hadBegun({ at, acceptedAt, endedAt = Infinity, meeting }: Attempt): boolean {
  if (acceptedAt !== undefined) return true
  return 'worksMs' in meeting && endedAt - at >= meeting.worksMs
}

/** From the question to the end, what no attempt covers; of all chats together. */
function idleMs({ seen, attempts, beganAt }: Run): number {
  const freeSince = new Map(seen.map(({ chat }) => [chat.id, beganAt + chat.at]))
  let idle = 0
  for (const { chat, at, endedAt } of attempts) {
    idle += at - (freeSince.get(chat.id) ?? at)
    freeSince.set(chat.id, endedAt ?? Infinity)
  }
  for (const { chat, endMs } of seen) {
    idle += Math.max(0, beganAt + chat.at + endMs - (freeSince.get(chat.id) ?? Infinity))
  }
  return idle
}
