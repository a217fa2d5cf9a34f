import type { Clock } from '../../core/clock.ts'

export interface VirtualClock extends Clock {
  /** Runs every timer at its own moment until none is left. */
  run: () => Promise<void>
}

interface Timer {
  at: number
  id: number
  callback: (() => void) | undefined
}

// Taken at load: later they may be replaced by virtual ones.
const { setImmediate } = globalThis

/** Time that costs nothing: a heap of timers. Months pass in seconds. */
export function createVirtualClock(startMs = 1_800_000_000_000): VirtualClock {
  let now = startMs
  let nextId = 0
  const heap: Timer[] = []

  const settle = () => new Promise<void>((resolve) => void setImmediate(resolve))

  return {
    now: () => now,
    monotonic: () => now - startMs,
    timer: (ms, callback) => {
      const timer: Timer = { at: now + Math.max(ms, 0), id: nextId++, callback }
      push(heap, timer)
      return () => void (timer.callback = undefined)
    },
    run: async () => {
      await settle()
      for (let timer = pop(heap); timer; timer = pop(heap)) {
        if (!timer.callback) continue
        now = timer.at
        timer.callback()
        // The started work takes many promise turns, but no other turn of the event loop.
        await settle()
      }
    },
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.id < b.id)
}

function push(heap: Timer[], timer: Timer): void {
  let index = heap.push(timer) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!isBefore(timer, heap[parent] as Timer)) break
    heap[index] = heap[parent] as Timer
    index = parent
  }
  heap[index] = timer
}

function pop(heap: Timer[]): Timer | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (!first || !last || heap.length === 0) return first
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child++
    if (!isBefore(heap[child] as Timer, last)) break
    heap[index] = heap[child] as Timer
    index = child
  }
  heap[index] = last
  return first
}
