import { at, says } from './wire/wire.ts'

/** Where the protocols' whole answers have what the model said. */
const ANSWERS = ['choices', 'output', 'content', 'candidates', 'message', 'response']

/** The error of a JSON answer that says nothing else, though its status is 200; `undefined` of any other text. */
export function refusalIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    const error = at(value, 'error')
    return says(error) && !ANSWERS.some((field) => says(at(value, field))) ? error : undefined
  } catch {
    return undefined // Not JSON.
  }
}
