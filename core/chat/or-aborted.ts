/** Settles as the work does, or rejects with the signal's reason if the work does not notice that it aborts. */
export function orAborted<Value>(signal: AbortSignal, task: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    // The signal may outlive the work.
    task.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject)
  })
}
