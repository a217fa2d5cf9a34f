import { ENGLISH } from '../../ui/index.ts'

/** A measured time in words: `0.8 s`, `14 s`. */
export function tellDuration(ms: number): string {
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : ENGLISH.duration(ms)
}

/** A time of day as the reader writes it; with the day when it is not today. */
export function tellTime(at: number, now = Date.now()): string {
  const today = new Date(at).toDateString() === new Date(now).toDateString()
  return new Intl.DateTimeFormat(undefined, {
    hour: 'numeric',
    minute: '2-digit',
    ...(today ? {} : { weekday: 'short' }),
  }).format(at)
}
