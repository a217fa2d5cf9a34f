import type { Clock } from '../core/clock.ts'

/** The task's result; rejects if it takes longer than `ms`. */
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
