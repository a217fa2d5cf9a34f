/**
 * What a browser's engine does that nothing else tells, each found by measuring: Chromium 156, Firefox ESR 153,
 * WebKitGTK 2.50, by `npm run test:engines` and `npm run test:lifetime`. docs/browsers.md has the figures.
 */
export interface BrowserLimits {
  /**
   * `fetch()` resolves with the first byte of the body, not with the headers. Firefox: headers at once and a first byte
   * after 45 s are one Response after 45 s; Chromium and WebKit have it at once.
   */
  hidesHeaders: boolean
  /**
   * The stream of a worker that dies ends as if it was whole, and a request without a Response fails. Firefox: 57 chunks
   * of more, then a clean end; Chromium: a TypeError within 30 ms, and the request comes again.
   */
  endsInSilence: boolean
  /**
   * When requests of a page reach the worker in another order than they were sent; `false`: never. `'starting'`: when it
   * has to be started (Firefox, on a busy machine: in 11 of 18 runs of four starts each, and never on a quiet one).
   * `'dying'`: what a dying worker had is sent again after what the page sent just then (Chromium: in about one of a
   * thousand kills).
   */
  reorders: 'starting' | 'dying' | false
}

/**
 * Engines by their names, for no feature tells them: others than Firefox's are only `like Gecko`, without a date.
 *
 * @param userAgent `navigator.userAgent`; absent outside browsers
 */
export function browserLimits(userAgent = ''): BrowserLimits {
  const isGecko = /\bGecko\/\d/.test(userAgent)
  const reorders = isGecko ? 'starting' : /Chrome\//.test(userAgent) && 'dying'
  return { hidesHeaders: isGecko, endsInSilence: isGecko, reorders }
}
