/**
 * The tests that say the promises, by the beginning of their titles: what `npm test` runs in every engine, in about two
 * minutes; Chromium runs all, and `npm run test:engines` runs all everywhere.
 */
const TITLES: Record<string, readonly string[]> = {
  streaming: [
    'a chat streams token by token',
    'a response without its end ends in an error at the page’s reader: reset',
  ],
  retries: ['a 502', 'a cut before the first output', 'after the first output nothing is retried'],
  timeouts: ['headers at once, then thought', 'a reasoning model, known by its name'],
  'rate-limits': ['a chat that is rate-limited twice', 'a limit longer than the budget'],
  'shared-limits': ['two tabs share a cool-down'],
  stop: ['Stop in mid-stream', 'Stop before the headers'],
  reload: ['a page that is reloaded during a retry’s wait', 'two tabs on one stream: closing one'],
  'worker-death': [
    '1: the worker dies before the headers of fetch',
    '3: the worker dies in mid-stream of fetch',
    '6: the worker dies in mid-stream of streamChat',
    'a response that had ended',
  ],
  'cut-streams': ['a stream of no known protocol'],
  saves: ['server down: the save is queued', 'a tab that closes while the server is down', '500 three times'],
  attachments: ['a body made of blob', 'a form with a file'],
  people: ['a token that was changed', 'one logs out with messages waiting'],
  storage: ['an index that is deleted'],
  promises: ['S1 the index is lost'],
  'event-source': ['an EventSource that is cut again and again'],
  'use-chat': ['useChat({ resume: true }) goes on after a reload mid-stream: React’s'],
}

/** The same as Playwright's `grep` takes it: its text is the project, the file and the title. */
export const PROMISES: readonly RegExp[] = Object.entries(TITLES).map(
  ([spec, titles]) =>
    new RegExp(
      `\\b(?<!-)${spec}\\.spec\\.ts (${titles.map((title) => title.replaceAll(/[()[\]{}.]/g, '\\$&')).join('|')})`,
      'u',
    ),
)
