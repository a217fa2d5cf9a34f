import { toResponse } from '../../core/chat/answer.ts'
import { describeChat } from '../../core/chat/describe.ts'
import { startTrip } from '../../core/chat/trip.ts'
import { createLimits } from '../../core/retry/limits.ts'
import { bodyOf, type Policy, URL_OF_CHATS } from './policy.ts'
import { readAnswer } from './read-answer.ts'

/** As the worker has it: some browsers give up a request that waits longer for its Response. */
const EARLY_MS = 240_000

/** The trip of `core/`, as the worker runs it with default options: one set of limits for all tabs of a browser. */
export const streamkeeperPolicy: Policy = {
  name: 'streamkeeper',
  title: 'streamkeeper',
  usesGlobals: false,
  open: ({ clock, random, network }) => {
    const limits = createLimits({ clock, random })
    return async ({ chat, fetch, signal, heard }) => {
      const body = bodyOf(chat)
      const { finished, answer, cancel } = startTrip(
        {
          ...describeChat(
            { url: URL_OF_CHATS, headers: new Headers() },
            body,
            { settings: { url: URL_OF_CHATS }, groups: {} },
            {},
          ),
          requestId: String(chat.id),
          credential: 'key',
          send: (attemptSignal) => fetch(URL_OF_CHATS, { method: 'POST', body, signal: attemptSignal }),
        },
        { clock, random, limits, network, earlyMs: EARLY_MS, report: () => {} },
      )
      const onAbort = () => cancel()
      signal.addEventListener('abort', onAbort)
      try {
        await readAnswer(toResponse(await answer), heard)
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
      await finished
    }
  },
}
