import { signal } from '@preact/signals'
import { announce } from './announce.ts'

/** A short message at the edge of the page, gone after a while. */
export interface Notice {
  id: number
  words: string
}

const SHOWN_MS = 6_000
let next = 1

export const notices = signal<Notice[]>([])

export function notify(words: string): void {
  const notice = { id: next++, words }
  notices.value = [...notices.value, notice]
  announce(words)
  setTimeout(() => dismiss(notice.id), SHOWN_MS)
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id)
}
