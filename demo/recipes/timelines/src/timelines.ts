import type { RequestStatus, Status } from 'streamkeeper'

/** A request, and what was told of it in the order of time. */
export interface Timeline {
  /** Unique: an id may be used again once its request has ended. */
  key: string
  requestId: string
  statuses: readonly RequestStatus[]
}

/**
 * The last requests after a status, oldest first; the same array when it changes nothing. A status may come late, twice,
 * or of a request whose beginning nobody here has seen.
 *
 * @param max how many are kept; those that are open stay longest
 */
export function nextTimelines(timelines: readonly Timeline[], status: Status, max = 20): readonly Timeline[] {
  if (!isOfRequest(status)) return timelines
  const { requestId } = status
  const known = timelines.findLast((each) => each.requestId === requestId)
  if (!known || isOfNext(known, status)) {
    return keepLast([...timelines, { key: `${requestId} ${status.at}`, requestId, statuses: [status] }], max)
  }
  if (known.statuses.some(({ status: name, at }) => name === status.status && at === status.at))
    return timelines
  const statuses = [...known.statuses, status].sort(byTime)
  return timelines.map((each) => (each === known ? { ...known, statuses } : each))
}

export type EndStatus = Extract<
  RequestStatus,
  { status: 'request_finished' | 'request_failed' | 'request_cancelled' }
>

/** True if no further status of its request will come. */
export function isEnd(status: RequestStatus): status is EndStatus {
  return /^request_[fc]/.test(status.status)
}

function isOfRequest(status: Status): status is RequestStatus {
  return (
    'requestId' in status &&
    typeof status.requestId === 'string' &&
    !/^(storage|outbox|worker)_/.test(status.status)
  )
}

/** An id that is used again after the end names another request. */
function isOfNext({ statuses }: Timeline, status: RequestStatus): boolean {
  return status.status === 'request_started' && statuses.some((each) => isEnd(each) && each.at <= status.at)
}

function byTime(a: RequestStatus, b: RequestStatus): number {
  return a.at - b.at || rank(a) - rank(b)
}

/** Of what was told in the same millisecond, the beginning was first and the end was last. */
function rank(status: RequestStatus): number {
  if (status.status === 'request_started') return 0
  return isEnd(status) ? 2 : 1
}

function keepLast(timelines: Timeline[], max: number): Timeline[] {
  if (timelines.length <= max) return timelines
  const oldest = timelines.find(({ statuses }) => statuses.some(isEnd)) ?? timelines[0]
  return timelines.filter((each) => each !== oldest)
}
