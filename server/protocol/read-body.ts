import { concat } from '../../core/concat.ts'

/** The bytes of a request's body; `undefined` if there are more than so many. No more than that is read. */
export async function readBody(
  { headers, body }: Request,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  if (Number(headers.get('content-length')) > maxBytes) return undefined
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = body?.getReader()
  for (let chunk = await reader?.read(); chunk?.value; chunk = await reader?.read()) {
    chunks.push(chunk.value)
    length += chunk.value.length
    if (length <= maxBytes) continue
    void reader?.cancel().catch(() => {}) // Its sender may have gone already.
    return undefined
  }
  return concat(chunks)
}
