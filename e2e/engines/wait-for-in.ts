import type { Evaluate, WaitFor } from '../support/page.ts'

/** How often a page is asked for a fact, and how long it may take to come true, ms. */
const ASK_MS = 50
const PATIENCE_MS = 15_000

/** Asks a page again and again until a fact is true. */
export function waitForIn(evaluate: Evaluate): WaitFor {
  return async (fact: (argument?: unknown) => unknown, argument?: unknown) => {
    const until = Date.now() + PATIENCE_MS
    for (;;) {
      const result = await evaluate(fact, argument)
      if (result) return result as never
      if (Date.now() > until) throw new Error(`Not come true in ${PATIENCE_MS} ms: ${String(fact)}`)
      await new Promise((resolve) => setTimeout(resolve, ASK_MS))
    }
  }
}
