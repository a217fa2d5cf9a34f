import { worker } from './worker.ts'

/**
 * False for requests that a worker must leave alone whatever their URL: documents, their parts, and requests that
 * cannot be sent again.
 */
export function isEligible(request: Request): boolean {
  return (
    request.mode !== 'navigate' &&
    request.destination === '' &&
    request.redirect === 'follow' &&
    !request.headers.has('range') &&
    (request.mode !== 'no-cors' || isOwnOrigin(request))
  )
}

export function isOwnOrigin({ url }: Request): boolean {
  return new URL(url).origin === worker.location.origin
}
