const HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']
const PARAMETERS = ['key', 'api_key']

/**
 * A digest of what a request authenticates with, to tell one key's limits from another's; empty where there is
 * nothing to see (cookies are not), or no digest to be had (`crypto.subtle` is missing on plain http pages).
 */
export async function digestCredential(request: { url: string; headers: Headers }): Promise<string> {
  const { searchParams } = new URL(request.url)
  const secrets = [
    ...HEADERS.map((name) => request.headers.get(name)),
    ...PARAMETERS.map((name) => searchParams.get(name)),
  ]
  const subtle = crypto.subtle as SubtleCrypto | undefined
  if (!subtle || secrets.every((secret) => secret === null)) return ''
  return digest(subtle, JSON.stringify(secrets))
}

async function digest(subtle: SubtleCrypto, text: string): Promise<string> {
  const bytes = new Uint8Array(await subtle.digest('SHA-256', new TextEncoder().encode(text)))
  // 64 bits tell keys apart, and say less about them than all would.
  return Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
