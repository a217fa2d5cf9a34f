import type { Keeper, RequestStatus } from 'streamkeeper'
import { describeForScreenReader, describeStatus } from 'streamkeeper/ui'

/** Shows in `line` what is being done for this page's last request, or how it ended, until the next one begins. */
export function showStatus(keeper: Keeper, line: HTMLElement): void {
  const words = line.querySelector('p:not([role])')!
  const aloud = line.querySelector('[role="status"]')!
  let ended: RequestStatus | undefined
  const show = () => {
    const status = keeper.getSnapshot().requests.findLast(({ own }) => own)?.status ?? ended
    words.textContent = status ? describeStatus(status) : ''
    const said = status ? describeForScreenReader(status) : ''
    // Written again, even with the same words, it would be read out again.
    if (aloud.textContent !== said) aloud.textContent = said
  }
  for (const name of ['request_finished', 'request_failed', 'request_cancelled'] as const) {
    keeper.on(name, (status) => {
      if (status.own) ended = status
      show()
    })
  }
  keeper.subscribe(show)
  setInterval(show, 250)
}
