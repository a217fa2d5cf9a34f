import { protection, protectionWords } from '../page/keeper.ts'

/** Says in plain words whether the worker looks after this page. */
export function WorkerState() {
  const { label, detail } = protectionWords.value
  return (
    <p class="worker-state" data-testid="worker-state" data-state={protection.value.state}>
      <span class="worker-dot" aria-hidden="true" />
      <span>
        <strong>{label}</strong>
        <span class="worker-detail"> · {detail}</span>
      </span>
    </p>
  )
}
