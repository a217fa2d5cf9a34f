import { parseChatRequest } from '../../core/chat/parse-request.ts'
import { toResponse } from '../../core/chat/reply.ts'
import { createResponseLog } from '../../core/chat/response-log.ts'
import { startRequest } from '../../core/chat/run-request.ts'
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
      const stop = new AbortController()
      const onAbort = () => stop.abort()
      const log = createResponseLog({ clock, leadBytes: 0, keptBytes: 0 })
      const { finished, replied: answer } = startRequest(
        {
          ...parseChatRequest(
            { url: URL_OF_CHATS, headers: new Headers() },
            body,
            { settings: { url: URL_OF_CHATS }, groups: {} },
            {},
          ),
          requestId: String(chat.id),
          credential: 'key',
          send: (attemptSignal) => fetch(URL_OF_CHATS, { method: 'POST', body, signal: attemptSignal }),
          signal: stop.signal,
        },
        { clock, random, writer: log, limits, network, earlyMs: EARLY_MS, emit: () => {} },
      )
      signal.addEventListener('abort', onAbort)
      try {
        await readAnswer(toResponse(await answer, log, { givenUp: onAbort }), heard)
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
      await finished
    }
  },
}
