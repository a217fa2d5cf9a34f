/** A wait in words: `7 s`, `4 min 10 s`, `2 h 5 min`. Never less than nothing. */
export function tellWait(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 90) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
}

/** A measured time in words: `0.8 s`, `14 s`. */
export function tellDuration(ms: number): string {
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : tellWait(ms)
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
