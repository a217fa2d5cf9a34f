import { tellAloud, tellStatus } from './status-words.js'

/** Shows in `line` what is being done for this page's last request, or how it ended, until the next one begins. */
export function showStatus(keeper, line) {
  const [words, aloud] = line.children
  let ended
  const show = () => {
    const status = keeper.getSnapshot().requests.findLast(({ own }) => own)?.status ?? ended
    words.textContent = status ? tellStatus(status, Date.now()) : ''
    const said = status ? tellAloud(status) : ''
    // Written anew, even with the same words, it would be said again.
    if (aloud.textContent !== said) aloud.textContent = said
  }
  for (const name of ['request_finished', 'request_failed', 'request_cancelled']) {
    keeper.on(name, (status) => {
      if (status.own) ended = status
      show()
    })
  }
  keeper.subscribe(show)
  setInterval(show, 250)
}
