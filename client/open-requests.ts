import type { RequestStatus, Status } from '../core/messages/status.ts'
import type { OpenRequest, StatusOf } from './keeper.ts'

/** The open requests after a status; the same array if nothing has changed. */
export function nextRequests(requests: readonly OpenRequest[], status: Status): readonly OpenRequest[] {
  if (!isOfRequest(status)) return requests
  const { requestId } = status
  const known = requests.find((each) => each.requestId === requestId)
  if (isEnd(status)) return known ? requests.filter((each) => each !== known) : requests
  const begun = status.status === 'request_started' ? status : known
  const request: OpenRequest = {
    requestId,
    url: begun?.url ?? '',
    own: status.own,
    ...(begun?.model === undefined ? {} : { model: begun.model }),
    status,
  }
  return known ? requests.map((each) => (each === known ? request : each)) : [...requests, request]
}

/** True if no other status of its request follows. */
export function isEnd(status: Status): status is EndStatus {
  return /^request_[fc]/.test(status.status)
}

export type EndStatus = StatusOf<'request_finished' | 'request_failed' | 'request_cancelled'>

function isOfRequest(status: Status): status is RequestStatus {
  return 'requestId' in status && status.status !== 'storage_degraded'
}
