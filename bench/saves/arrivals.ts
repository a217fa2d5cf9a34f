/** The numbered messages that have arrived. */
export interface Arrivals {
  note: (conversation: string, n: number) => void
  count: () => number
  /** @throws {Error} when one came after a later one of its conversation, or came again */
  check: () => void
}

export function createArrivals(): Arrivals {
  const last = new Map<string, number>()
  let count = 0
  let fault: string | undefined

  return {
    note: (conversation, n) => {
      const before = last.get(conversation) ?? -1
      if (n <= before) fault ??= `message ${n} of conversation ${conversation} came after ${before}`
      last.set(conversation, n)
      count++
    },
    count: () => count,
    check: () => {
      if (fault) throw new Error(`Wrong order: ${fault}`)
    },
  }
}
