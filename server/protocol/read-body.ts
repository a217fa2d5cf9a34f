import { concat } from '../../core/concat.ts'

/** The bytes of a request's body; reads no more than `maxBytes`. `broken`: its sender left partway. */
export async function readBody(
  { headers, body }: Request,
  maxBytes: number,
): Promise<Uint8Array | 'too_large' | 'broken'> {
  if (Number(headers.get('content-length')) > maxBytes) return 'too_large'
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = body?.getReader()
  const read = () => reader?.read().catch(() => 'broken' as const)
  for (let chunk = await read(); chunk !== undefined; chunk = await read()) {
    if (chunk === 'broken') return 'broken'
    if (!chunk.value) break
    chunks.push(chunk.value)
    length += chunk.value.length
    if (length <= maxBytes) continue
    void reader?.cancel().catch(() => {}) // Its sender may have gone already.
    return 'too_large'
  }
  return concat(chunks)
}
