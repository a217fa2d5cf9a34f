import type { RequestShape } from './wire.ts'
import { WIRES } from './wires.ts'

/** True if a request asks for a stream: by its body, its headers, its path; `undefined` if unknown. */
export function asksForStream(path: string, stream: unknown, headers: Headers): boolean | undefined {
  if (typeof stream === 'boolean') return stream
  if (headers.get('accept')?.includes('text/event-stream')) return true
  return shapesAt(path)[0]?.streamsByDefault
}

/**
 * The media type that a response will probably have, for a Response that must begin before it comes.
 *
 * @param isSse the URL asks for server-sent events (`alt=sse`)
 * @param hasModel the body names a model, which only Ollama's do at its path
 */
export function expectedMediaType(
  path: string,
  streams: boolean | undefined,
  isSse: boolean,
  hasModel: boolean,
): string {
  if (!streams) return 'application/json'
  if (isSse) return 'text/event-stream'
  const types = shapesAt(path).map(({ mediaType }) => mediaType)
  if (hasModel && types.includes('application/x-ndjson')) return 'application/x-ndjson'
  return types[0] ?? 'text/event-stream'
}

function shapesAt(path: string): RequestShape[] {
  return WIRES.flatMap(({ requests = [] }) => requests.filter((shape) => shape.path.test(path)))
}
