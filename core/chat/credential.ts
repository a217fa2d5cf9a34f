/** Names of headers and of the URL's parameters that a request authenticates with; none that is new in each request. */
const HEADER =
  /(?:^|-)(?:auth(?:entication|orization)?|api-?key|(?<!idempotency-)key|(?<!(?:csrf|xsrf|captcha|turnstile)-)token|secret)$|^cookie$/
const PARAMETER = /^(?:(?:api|subscription)?[-_]?key|(?:access_|auth_)?token|code)$/i

/**
 * A digest of a request's credentials, to tell one key's limits from another's; empty if there are none to see
 * (browsers hide cookies), or there is no digest (`crypto.subtle` is missing on plain http pages).
 */
export async function digestCredential(request: { url: string; headers: Headers }): Promise<string> {
  const secrets = [
    ...Array.from(request.headers).filter(([name]) => HEADER.test(name)),
    ...Array.from(new URL(request.url).searchParams).filter(([name]) => PARAMETER.test(name)),
  ]
  const subtle = crypto.subtle as SubtleCrypto | undefined
  if (!subtle || secrets.length === 0) return ''
  return digest(subtle, JSON.stringify(secrets))
}

async function digest(subtle: SubtleCrypto, text: string): Promise<string> {
  const bytes = new Uint8Array(await subtle.digest('SHA-256', new TextEncoder().encode(text)))
  // 64 bits tell keys apart, and reveal less about them than the whole digest.
  return Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
