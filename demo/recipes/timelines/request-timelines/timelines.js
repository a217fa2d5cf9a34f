/**
 * The last requests after a status, oldest first; the same array when it changes nothing. A status may come late, twice,
 * or of a request whose beginning nobody here has seen.
 *
 * @param max how many are kept; those that are open stay longest
 */
export function nextTimelines(timelines, status, max = 20) {
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

/** Whether nothing more will be told of its request. */
export function isEnd(status) {
  return /^request_[fc]/.test(status.status)
}

function isOfRequest(status) {
  return (
    'requestId' in status &&
    typeof status.requestId === 'string' &&
    !/^(storage|outbox|worker)_/.test(status.status)
  )
}

/** An id that is used again after the end names another request. */
function isOfNext({ statuses }, status) {
  return status.status === 'request_started' && statuses.some((each) => isEnd(each) && each.at <= status.at)
}

function byTime(a, b) {
  return a.at - b.at || rank(a) - rank(b)
}

/** Of what was told in the same millisecond, the beginning was first and the end was last. */
function rank(status) {
  if (status.status === 'request_started') return 0
  return isEnd(status) ? 2 : 1
}

function keepLast(timelines, max) {
  if (timelines.length <= max) return timelines
  const oldest = timelines.find(({ statuses }) => statuses.some(isEnd)) ?? timelines[0]
  return timelines.filter((each) => each !== oldest)
}
