/** The most of a response that is read, unless its words decide. Bytes. */
const MAX_LOOK = 64 * 1024

/**
 * Reads the beginning of a response's body as text. A body cut short ends in `…`.
 *
 * A clone would hang: of a stream that is teed, one branch can hold the other back.
 *
 * @param keep true if somebody else reads the response afterwards; otherwise the rest is dropped
 * @returns the text, whether the body broke off in it, and a response that has all of the body with `keep`
 */
export async function readStart(
  received: Response,
  keep: boolean,
  maxBytes = MAX_LOOK,
): Promise<{ text: string; isCut: boolean; response: Response }> {
  const reader = received.body?.getReader()
  if (!reader) return { text: '', isCut: false, response: received }
  const decoder = new TextDecoder()
  const chunks: Uint8Array[] = []
  let text = ''
  let size = 0
  /** How the body ended; `undefined`: it is not known yet. */
  let end: { error?: unknown } | undefined
  try {
    while (!end && size < maxBytes) {
      const { done, value } = await reader.read()
      if (done) end = {}
      else {
        size += value.length
        text += decoder.decode(value, { stream: true })
        if (keep) chunks.push(value)
      }
    }
    if (!keep) await reader.cancel()
  } catch (error) {
    text += '…' // Cut short: the status is known, and mostly that is what counts.
    end = { error }
  }
  return {
    text,
    isCut: end !== undefined && 'error' in end,
    response: keep ? again(received, chunks, reader, end) : received,
  }
}

/** The same response, from its first byte on. */
function again(
  { status, statusText, headers }: Response,
  chunks: Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
  end: { error?: unknown } | undefined,
): Response {
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const first = chunks.shift()
    if (first) return controller.enqueue(first)
    if (end && 'error' in end) return controller.error(end.error)
    const { done, value } = end ? { done: true } : await reader.read()
    if (done) controller.close()
    else if (value) controller.enqueue(value)
  }
  const body = new ReadableStream<Uint8Array>({ pull, cancel: () => reader.cancel() }, { highWaterMark: 0 })
  const provided = new Headers(headers)
  // The body that is read here is already decoded.
  for (const name of ['content-encoding', 'content-length']) provided.delete(name)
  return new Response(body, { status, statusText, headers: provided })
}
