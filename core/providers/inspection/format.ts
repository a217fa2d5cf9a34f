import { isEventStream, isHtml } from '../media-types.ts'

/**
 * How a body is framed, by its first bytes.
 * - `sse`: server-sent events
 * - `values`: JSON values in a row, also a single one
 * - `lines`: one part per line, as in the AI SDK's older data stream
 * - `page`: a page of HTML
 * - `bytes`: anything else; it is not inspected
 */
export type Format = 'sse' | 'values' | 'lines' | 'page' | 'bytes'

const FIELD = /^(data|event|id|retry):/
const PAGE =
  /^(<\?xml[^>]{0,99}>\s{0,99})?(<!--[^>]{0,999}-->\s{0,99})?<(!doctype|html|head|title|meta|body)[\s>]/i
/** How the AI SDK's older data stream begins. */
const DATA_LINE = /^(0:"|f:\{|[238]:\[)/

/**
 * Detects the format by the first bytes that are not blank; `undefined` while more of them are needed. The label only
 * says what to look for.
 *
 * @param start the text without leading blanks and byte order mark, as far as it has come
 * @param label the `Content-Type`, lower case
 * @param isAll true if nothing more will come
 */
export function formatOf(start: string, label: string, isAll: boolean): Format | undefined {
  if (start === '') return isAll ? 'bytes' : undefined
  const [first = ''] = start
  if (first === '{' || first === '[') return 'values'
  if (isEventStream(label) || FIELD.test(start)) return DATA_LINE.test(start) ? 'lines' : 'sse'
  if (first === ':') return start.length === 1 && !isAll ? undefined : /^:\s/.test(start) ? 'sse' : 'bytes'
  if (first === '<') {
    // Text that is HTML is still text: a page also has the label of one.
    if (!isHtml(label)) return 'bytes'
    if (PAGE.test(start)) return 'page'
    return isAll || start.length > MAX_START ? 'bytes' : couldBecomePage(start) ? undefined : 'bytes'
  }
  if (DATA_LINE.test(start)) return 'lines'
  if (isAll || start.length >= 6) return 'bytes'
  return ['data:', 'event:', 'id:', 'retry:', '0:"', 'f:{', '2:[', '3:[', '8:['].some((marker) =>
    marker.startsWith(start),
  )
    ? undefined
    : 'bytes'
}

/** How much of the start is inspected, bytes. */
export const MAX_START = 1_200

function couldBecomePage(start: string): boolean {
  if (/^<(\?|!-)/.test(start)) return true
  return ['<!doctype', '<html', '<head', '<title', '<meta', '<body'].some((tag) =>
    tag.startsWith(start.toLowerCase()),
  )
}
