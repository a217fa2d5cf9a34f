import { broken, type Check, finding, isWhole, seconds, skipped, tell } from '../check.ts'
import { upstream } from '../upstream.ts'
import { until, within } from '../wait.ts'

/** A worker that is replaced. */
export const VERSIONS: readonly Check[] = [
  {
    id: 'new-version',
    promise: 'A new version of the worker cuts no response, and takes over by itself.',
    how: 'The browser finds another version of the worker mid-stream; no page is reloaded.',
    run: async ({ open, chat, worker }) => {
      if (worker === 'none') return skipped('there is no worker')
      const page = await open()
      const registration = await page.window.navigator.serviceWorker.getRegistration()
      const before = registration?.active
      const { call } = chat(page, { steps: [], answer: { tokens: 60, tokensPerSecond: 30 } })
      await until(() => call.seen.pieces > 2, 5_000)
      await upstream.deploy()
      await registration?.update()
      const seen = await within(call.ended, 10_000)
      if (!isWhole(seen) || !seen.text.includes('[DONE]')) return broken(tell(seen))
      const endedAt = performance.now()
      const isReplaced = await until(
        () => registration?.active !== before && registration?.active?.state === 'activated',
        10_000,
      )
      const afterMs = performance.now() - endedAt
      return finding(
        isReplaced === true,
        isReplaced
          ? `whole; the new one was there ${seconds(afterMs)} after its end`
          : 'the old one is still there',
      )
    },
  },
]
