/**
 * The page facade of the browser tests. Specs use nothing else of a driver, so that one set of them serves Chromium and
 * Firefox (Playwright) and WebKit (W3C WebDriver). Selectors are CSS; functions travel as text and take and return JSON.
 */
export interface Page {
  goto: (url: string) => Promise<void>
  /** `hard`: past every cache and worker, as with the Shift key. */
  reload: (how?: { hard?: boolean }) => Promise<void>
  /** Runs in the page and waits for its promise. */
  evaluate: Evaluate
  /** Runs in the page again and again until it returns something true, which it returns. Rejects after 15 s. */
  waitFor: WaitFor
  /** From now on it looks so, and nothing in it moves that can be kept from it. */
  look: (how: Look) => Promise<void>
  /** The picture of what is seen of it, as PNG. */
  picture: () => Promise<Uint8Array>
  fill: (selector: string, text: string) => Promise<void>
  /** Waits until there is something to click. */
  click: (selector: string) => Promise<void>
  /** Presses the key, wherever the page has its focus. */
  pressEscape: () => Promise<void>
  /** `null` where nothing matches now. */
  textContent: (selector: string) => Promise<string | null>
  /** Brings it to the front. */
  show: () => Promise<void>
  /** An empty page of the same browser, with the same storage and workers. */
  newTab: () => Promise<Page>
  close: () => Promise<void>
}

export interface Look {
  colorScheme: 'light' | 'dark'
  size: { width: number; height: number }
}

export interface Evaluate {
  <Result>(run: () => Result | Promise<Result>): Promise<Result>
  <Result, Argument>(
    run: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>
}

export interface WaitFor {
  <Result>(fact: () => Result | Promise<Result>): Promise<NonNullable<Result>>
  <Result, Argument>(
    fact: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<NonNullable<Result>>
}
