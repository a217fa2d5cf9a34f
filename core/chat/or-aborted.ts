/** Settles as the task does, or rejects with the signal's reason if the task does not notice an abort. */
export function orAborted<Value>(signal: AbortSignal, task: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    // The signal may outlive the task.
    task.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject)
  })
}
