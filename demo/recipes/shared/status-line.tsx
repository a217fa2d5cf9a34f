import { useEffect, useState } from 'react'
import type { Keeper, RequestStatus } from 'streamkeeper'
import { describeForScreenReader, describeStatus } from 'streamkeeper/ui'
import { useKeeper, useNow } from './use-keeper.ts'

interface StatusLineProps {
  keeper: Keeper
  /** The request to show. Default: the last request of this page. */
  requestId?: string
}

/** The current state of a chat, with a live countdown; or how it ended, until the next one begins. */
export function StatusLine({ keeper, requestId }: StatusLineProps) {
  const open = useKeeper(keeper).requests.findLast((each) => isIts(each, requestId))?.status
  const ended = useEnded(keeper, requestId)
  const status = open ?? ended
  const now = useNow(status !== undefined && status.status !== 'request_finished')
  return (
    <div className="status-line" data-status={status?.status}>
      <p>{status && describeStatus(status, { now: Math.max(now, status.at) })}</p>
      <p className="only-aloud" role="status">
        {status && describeForScreenReader(status)}
      </p>
    </div>
  )
}

/** How the last of its requests ended: the snapshot has only those that are open. */
function useEnded(keeper: Keeper, requestId: string | undefined): RequestStatus | undefined {
  const [ended, setEnded] = useState<RequestStatus>()
  useEffect(() => {
    const end = new AbortController()
    for (const name of ['request_finished', 'request_failed', 'request_cancelled'] as const) {
      keeper.on(name, (status) => isIts(status, requestId) && setEnded(status), { signal: end.signal })
    }
    return () => {
      end.abort()
      setEnded(undefined)
    }
  }, [keeper, requestId])
  return ended
}

function isIts(request: { requestId: string; own: boolean }, requestId: string | undefined): boolean {
  return requestId === undefined ? request.own : request.requestId === requestId
}
