import type { Options } from './options.ts'

/** Options as one text: keys sorted, `undefined` left out, so that equal options are equal texts. */
export function canonicalOptions(options: Options): string {
  return JSON.stringify(options, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}
