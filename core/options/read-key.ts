import type { KeySource } from './options.ts'

/** Where a key may be read from; `body` is the parsed JSON, if there was any. */
export interface KeyPlaces {
  url: URL
  groups: Record<string, string | undefined>
  body: unknown
}

/** Reads a key as an option names it; `undefined` when it is not there. */
export function readKey(source: KeySource, places: KeyPlaces): string | undefined {
  if (source === 'path') return places.url.pathname
  if (source.startsWith(':')) return decode(places.groups[source.slice(1)])
  if (source.startsWith('query.')) return places.url.searchParams.get(source.slice(6)) ?? undefined
  let value: unknown = places.body
  for (const field of source.split('.').slice(1)) {
    value =
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

function decode(group: string | undefined): string | undefined {
  if (group === undefined) return undefined
  try {
    return decodeURIComponent(group)
  } catch {
    return group // Not percent-encoded after all: the raw text is as good a key.
  }
}
