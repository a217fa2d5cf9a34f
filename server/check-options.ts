/** Checks one value; `name` is its path in the options, such as `origins[0]`. */
export type Check = (value: unknown, name: string) => void

/**
 * Checks options that may come from anywhere.
 *
 * @param required the names of those that cannot be left out
 * @throws {TypeError} naming the option, the value that was passed and the values that are accepted.
 */
export function checkOptions<Name extends string>(
  options: unknown,
  checks: Record<Name, Check>,
  required: Name[] = [],
): void {
  const names = Object.keys(checks) as Name[]
  if (typeof options !== 'object' || options === null) {
    throw wrongOption('options', options, `an object with ${names.join(', ')}`)
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(checks, name)) {
      throw new TypeError(`Unknown option ${name}: there are ${names.join(', ')}`)
    }
  }
  for (const name of names) {
    const value = (options as Record<string, unknown>)[name]
    if (value !== undefined || required.includes(name)) checks[name](value, name)
  }
}

export function matching(takes: string, matches: (value: unknown) => boolean): Check {
  return (value, name) => {
    if (!matches(value)) throw wrongOption(name, value, takes)
  }
}

export const callable = matching('a function', (value) => typeof value === 'function')
export const flag = matching('true or false', (value) => typeof value === 'boolean')
export const text = matching('a string', (value) => typeof value === 'string')
export const wholeNumber = matching(
  'a whole number, 1 or more',
  (value) => Number.isSafeInteger(value) && (value as number) > 0,
)

export function wrongOption(name: string, value: unknown, takes: string): TypeError {
  const got =
    typeof value === 'string' ? JSON.stringify(value) : Array.isArray(value) ? 'an array' : String(value)
  return new TypeError(`Wrong option ${name}: got ${got.slice(0, 80)}, takes ${takes}`)
}
