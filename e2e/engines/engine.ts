export const ENGINES = ['chromium', 'firefox', 'webkit'] as const

export type Engine = (typeof ENGINES)[number]

/** The engine in which this process runs the specs: one run of Playwright's has one, named by `ENGINE`. */
export const engine = readEngine(process.env.ENGINE)

function readEngine(name = 'chromium'): Engine {
  const found = ENGINES.find((each) => each === name)
  if (found) return found
  throw new TypeError(`Wrong ENGINE: got ${name}, takes ${ENGINES.join(', ')}`)
}
