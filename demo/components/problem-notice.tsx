import { useEffect } from 'preact/hooks'
import { announce } from '../page/announce.ts'
import { tellTime } from '../page/duration.ts'
import { useNow } from '../page/now.ts'
import { tellProblem, type Problem } from '../chat/problem.ts'
import { ENGLISH } from '../../ui/index.ts'
import { Icon } from './icon.tsx'

/** Why there is no answer, or not the whole of it, in plain words and with a way on. */
export function ProblemNotice({ problem, onRetry }: { problem: Problem; onRetry: (() => void) | undefined }) {
  const { title, advice } = tellProblem(problem)
  const { retryAt } = problem
  const now = useNow(retryAt !== undefined, 1_000)
  useEffect(() => announce(`${title}. ${advice}`), [title, advice])
  return (
    <div class="problem" data-testid="problem" data-code={problem.code}>
      <Icon name="warning" />
      <div class="problem-words">
        <strong>{title}</strong>
        <p>{advice}</p>
        {retryAt !== undefined && (
          <p data-testid="retry-at">
            {retryAt > now
              ? `It can be tried again at ${tellTime(retryAt)}, in ${ENGLISH.duration(retryAt - now)}.`
              : 'It can be tried again now.'}
          </p>
        )}
      </div>
      {onRetry && (
        <button type="button" class="button" data-testid="retry" onClick={onRetry}>
          Retry
        </button>
      )}
    </div>
  )
}
