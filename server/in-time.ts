import type { Clock } from '../core/clock.ts'

/** What the work comes to; rejects when that takes longer than so. */
export function inTime<Value>(
  clock: Clock,
  ms: number,
  task: Promise<Value>,
  message: string,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = clock.timer(ms, () => reject(new Error(message)))
    task.finally(cancel).then(resolve, reject)
  })
}
