import { useSignal } from '@preact/signals'
import { useCallback, useLayoutEffect, useRef } from 'preact/hooks'
import type { RefObject } from 'preact'

const NEAR_PX = 40

/**
 * Keeps a growing content's end in view while the reader is there. Any move upwards lets go, however small; coming
 * back to the end takes hold again.
 */
export function useStickToBottom(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
): { isAtEnd: boolean; jump: (behavior: ScrollBehavior) => void } {
  const isAtEnd = useSignal(true)
  const holds = useRef(true)

  useLayoutEffect(() => {
    const box = scroller.current
    if (!box || !content.current) return undefined
    let lastTop = box.scrollTop
    let lastHeight = box.scrollHeight

    const follow = (): void => {
      if (holds.current) box.scrollTop = box.scrollHeight
    }
    const onScroll = (): void => {
      const distance = box.scrollHeight - box.clientHeight - box.scrollTop
      // A content that shrinks moves the view up as well; that is not the reader's doing.
      if (box.scrollTop < lastTop - 1 && box.scrollHeight >= lastHeight && distance > 4) holds.current = false
      else if (distance < NEAR_PX) holds.current = true
      lastTop = box.scrollTop
      lastHeight = box.scrollHeight
      isAtEnd.value = holds.current || distance < NEAR_PX
    }
    const observer = new ResizeObserver(follow)
    observer.observe(content.current)
    observer.observe(box)
    box.addEventListener('scroll', onScroll, { passive: true })
    follow()
    return () => {
      observer.disconnect()
      box.removeEventListener('scroll', onScroll)
    }
  }, [scroller, content, isAtEnd])

  const jump = useCallback(
    (behavior: ScrollBehavior) => {
      const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
      holds.current = true
      isAtEnd.value = true
      scroller.current?.scrollTo({
        top: scroller.current.scrollHeight,
        behavior: calm ? 'instant' : behavior,
      })
    },
    [scroller, isAtEnd],
  )
  return { isAtEnd: isAtEnd.value, jump }
}
