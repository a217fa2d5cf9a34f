import type { Options } from './options.ts'

/** The query parameter of the worker's script that carries its options. */
export const OPTIONS_PARAMETER = 'streamkeeper'

/**
 * Reads the options from a worker's script URL; `undefined` if it has none. They are not checked yet.
 *
 * @throws {SyntaxError} if they are not JSON.
 */
export function readOptions(scriptUrl: string): Options | undefined {
  const text = new URL(scriptUrl).searchParams.get(OPTIONS_PARAMETER)
  return text === null ? undefined : (JSON.parse(text) as Options)
}
