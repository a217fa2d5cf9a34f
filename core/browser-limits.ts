/**
 * Behaviour of a browser's engine that nothing else reveals, each found by measuring: Chromium 156, Firefox ESR 153,
 * WebKitGTK 2.50, by `npm run test:engines` and `npm run test:lifetime`. docs/browsers.md has the figures.
 */
export interface BrowserLimits {
  /**
   * `fetch()` resolves with the first byte of the body, not with the headers. With immediate headers and a first byte
   * after 45 s, Firefox has the Response after 45 s; Chromium and WebKit have it immediately.
   */
  hidesHeaders: boolean
  /**
   * The stream of a worker that dies ends as if it were complete, and a request without a Response fails. Firefox: 57
   * chunks of more, then a clean end; Chromium: a TypeError within 30 ms, and the request is delivered again.
   */
  endsInSilence: boolean
  /**
   * When requests of a page may reach the worker in another order than they were sent; `false`: never. `'starting'`:
   * while the worker is being started (Firefox, on a busy machine: in 11 of 18 runs of four starts each, and never on a
   * quiet one). `'dying'`: a dying worker's requests are delivered again after what the page sends at that moment
   * (Chromium: in about one of a thousand kills).
   */
  reorders: 'starting' | 'dying' | false
}

/**
 * Identifies engines by name, because no feature does: those other than Firefox's are only `like Gecko`, without a
 * date.
 *
 * @param userAgent `navigator.userAgent`; absent outside browsers
 */
export function browserLimits(userAgent = ''): BrowserLimits {
  const isGecko = /\bGecko\/\d/.test(userAgent)
  const reorders = isGecko ? 'starting' : /Chrome\//.test(userAgent) && 'dying'
  return { hidesHeaders: isGecko, endsInSilence: isGecko, reorders }
}
