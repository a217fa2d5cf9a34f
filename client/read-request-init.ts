/** What `fetch` was asked for, as far as can be told without touching it: a `Request` made of it would use its body up. */
export interface PeekedRequest {
  method: string
  /** Absolute. */
  url: string
  keepalive: boolean | undefined
  mode: RequestMode | undefined
  redirect: RequestRedirect | undefined
}

/** @throws {TypeError} when the input is no URL; so would `fetch`. */
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
