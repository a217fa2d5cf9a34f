import { effect, signal } from '@preact/signals'
import { conversationOf } from '../history/kept-answers.ts'
import { keeper } from '../page/keeper.ts'

/** The conversations an answer is arriving in, in whatever tab. */
export const arriving = signal<ReadonlySet<string>>(new Set())

/** The worker knows all of them; it is asked whenever one begins or ends. */
export function followArriving(): void {
  effect(() => {
    const worker = keeper.value
    let known = ''
    const stop = worker?.subscribe(({ requests }) => {
      const now = requests.map(({ requestId }) => requestId).join()
      if (now === known) return
      known = now
      void look()
    })
    return stop
  })
}

async function look(): Promise<void> {
  const streams =
    (await keeper
      .peek()
      ?.streams()
      .catch(() => [])) ?? []
  const open = streams.filter(({ state }) => state !== 'ended')
  arriving.value = new Set(open.flatMap(({ conversation = '' }) => conversationOf(conversation)))
}
