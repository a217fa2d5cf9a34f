import type { Signal } from '@preact/signals'

/**
 * Collects pieces of a growing text and writes them once per frame: tokens may come by the hundred, the eye
 * and the Markdown reader want fewer. A hidden page gets no frames, so a timer stands in there.
 */
export function createLiveText(target: Signal<string>): { add: (piece: string) => void; flush: () => void } {
  let pending = ''
  let frame = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const flush = (): void => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
    frame = 0
    timer = undefined
    if (!pending) return
    target.value += pending
    pending = ''
  }
  const add = (piece: string): void => {
    pending += piece
    if (frame || timer) return
    if (document.hidden) timer = setTimeout(flush, 250)
    else {
      frame = requestAnimationFrame(flush)
      timer = setTimeout(flush, 250)
    }
  }
  return { add, flush }
}
