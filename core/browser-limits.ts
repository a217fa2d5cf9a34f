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
   * Requests of a page reach a worker that has to be started in another order than they were sent. Firefox, on a busy
   * machine: in 11 of 18 runs of four starts each, and never on a quiet one; Chromium and WebKit: never.
   */
  reorders: boolean
}

/**
 * Firefox's engine by its name, for no feature tells it: others are only `like Gecko`, without a date.
 *
 * @param userAgent `navigator.userAgent`; absent outside browsers
 */
export function browserLimits(userAgent = ''): BrowserLimits {
  const isGecko = /\bGecko\/\d/.test(userAgent)
  return { hidesHeaders: isGecko, endsInSilence: isGecko, reorders: isGecko }
}
