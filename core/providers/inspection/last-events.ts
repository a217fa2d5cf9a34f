import { concat } from '../../concat.ts'
import { nothingSeen, type Seen } from '../wire.ts'
import type { ResponseReader } from './response-reader.ts'
import { NEWLINE } from './split.ts'
import { HEAD, type Unread } from './unread.ts'

/** The last bytes of a response, read on their own. */
export interface LastEvents {
  last: Seen
  isUnfinished: boolean
  /** The number of bytes of the unfinished event. */
  begunSize: number
}

/**
 * Reads the last unread bytes on their own; `undefined` if no event begins within them.
 *
 * @param working the state before them
 * @param isEnd true if nothing follows them
 * @param isBorder true if the first of them is known to begin an event
 */
export function readLast(
  reader: ResponseReader,
  unread: Unread,
  count: number,
  working: boolean,
  isEnd: boolean,
  isBorder = false,
): LastEvents | undefined {
  const isAll = count >= unread.size()
  const bytes = unread.last(count)
  const last: Seen = { ...nothingSeen(), working }
  let from = 0
  const head = isAll ? unread.head() : undefined
  if (head ? head.length > 0 : !isBorder) {
    const border = reader.splitParts().next(bytes, 0)
    if (border < 0 && !isAll) return undefined
    if (border < 0 && !isEnd) return { last, isUnfinished: true, begunSize: bytes.length }
    from = border < 0 ? bytes.length : border
    const cut = bytes.subarray(0, from)
    if (head && head.length < HEAD) reader.readRest(concat([head, cut]), last)
    else if (head) reader.skim(head, cut.subarray(-HEAD), last)
  }
  const { rest, isUnfinished } = reader.readEvents(bytes.subarray(from), last)
  if (isEnd && isUnfinished) reader.readRest(rest, last)
  // Of comments and blanks only an unfinished line is read again.
  const begunAt = isUnfinished ? 0 : rest.lastIndexOf(NEWLINE) + 1
  return { last, isUnfinished, begunSize: rest.length - begunAt }
}
