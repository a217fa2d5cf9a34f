import type { ServerResponse } from 'node:http'

/** Gives a log's line its status as soon as the headers are out, not only at the end. */
export function noteStatus(line: { status?: number }, res: ServerResponse): void {
  Object.defineProperty(line, 'status', {
    get: () => (res.headersSent ? res.statusCode : undefined),
    enumerable: true,
    configurable: true,
  })
  res.once('close', () => {
    Object.defineProperty(line, 'status', { value: line.status, enumerable: true })
  })
}
