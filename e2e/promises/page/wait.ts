/** How often a fact is asked for, ms. */
const ASK_MS = 50

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** The value of a promise, or `undefined` after the timeout. */
export function within<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  return Promise.race([promise, sleep(ms).then(() => undefined)])
}

/** Asks again and again until a fact is there, and returns it; `undefined` after so long. */
export async function until<Fact>(ask: () => Fact | Promise<Fact>, ms: number): Promise<Fact | undefined> {
  const endsAt = Date.now() + ms
  for (;;) {
    const fact = await ask()
    if (fact) return fact
    if (Date.now() > endsAt) return undefined
    await sleep(ASK_MS)
  }
}
