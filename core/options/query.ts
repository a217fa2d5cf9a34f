import type { Options } from './options.ts'

/** The query parameter of the worker's script that carries its options. */
export const OPTIONS_PARAMETER = 'streamkeeper'

/** Options as one text: keys sorted, `undefined` left out, so that equal options are equal texts. */
export function canonicalOptions(options: Options): string {
  return JSON.stringify(options, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

/**
 * Reads the options from a worker's script URL; `undefined` when it carries none. They are not checked yet.
 *
 * @throws {SyntaxError} when what it carries is no JSON.
 */
export function readOptions(scriptUrl: string): Options | undefined {
  const text = new URL(scriptUrl).searchParams.get(OPTIONS_PARAMETER)
  return text === null ? undefined : (JSON.parse(text) as Options)
}
