/** A request to `fetch`, as far as it can be read without creating a `Request`, which would use up its body. */
export interface PeekedRequest {
  method: string
  /** Absolute. */
  url: string
  keepalive: boolean | undefined
  mode: RequestMode | undefined
  redirect: RequestRedirect | undefined
}

/** @throws {TypeError} if the input is not a URL, as `fetch` does. */
export function readRequestInit(
  input: RequestInfo | URL,
  init: RequestInit | null | undefined,
): PeekedRequest {
  const read = <Field extends keyof RequestInit & keyof Request>(field: Field): Request[Field] | undefined =>
    (init?.[field] as Request[Field] | null | undefined) ?? (input as Request)[field]
  return {
    method: (read('method') ?? 'GET').toUpperCase(),
    url: input instanceof Request ? input.url : new URL(input, globalThis.document?.baseURI).href,
    keepalive: read('keepalive'),
    mode: read('mode'),
    redirect: read('redirect'),
  }
}
