/** Settles as the work does, or rejects with the signal's reason if the work does not notice that it aborts. */
export function orAborted<Value>(signal: AbortSignal, task: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    task.then(resolve, reject)
  })
}
