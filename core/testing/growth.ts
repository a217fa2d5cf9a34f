/** Whatever takes less cannot be told apart from the noise of a machine that is shared, ms. */
const FLOOR_MS = 10

/** Half of the machine may be busy with something else for a while: so often is asked again. */
const ROUNDS = 25

/**
 * Whether twice as much takes at most 2.5 times as long. The least of many runs is what counts: others can only make a
 * run longer, and what grows faster than linearly does so in every run.
 */
export function growsLinearly(read: (text: string) => void, text: string): boolean {
  const twice = text + text
  let once = Infinity
  let both = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    once = Math.min(
      once,
      msOf(() => read(text)),
    )
    both = Math.min(
      both,
      msOf(() => read(twice)),
    )
    if (both <= Math.max(2.5 * once, FLOOR_MS)) return true
  }
  return false
}

function msOf(task: () => void): number {
  const start = performance.now()
  task()
  return performance.now() - start
}
