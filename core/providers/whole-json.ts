import { addOutput, addUsage, asArray, end, get, hasContent, type StreamEvent, type Wire } from './wire.ts'

/** How the bodies of the providers' whole responses begin: one of these fields is within the first bytes. */
const OPENING =
  /"object"\s{0,9}:\s{0,9}"(chat\.completion|text_completion|response)"|"type"\s{0,9}:\s{0,9}"message"|"(choices|candidates)"\s{0,9}:\s{0,9}\[/

/**
 * A response in one JSON value, as all providers give it to a request that does not stream. Half of it is of no use to
 * anyone, so it is held until it is whole.
 */
export const wholeJson: Wire = {
  name: 'whole-json',

  recognises: ({ data }: StreamEvent) =>
    asArray(get(data, 'choices')).some(
      (choice) => hasContent(get(choice, 'message')) && get(choice, 'delta') === undefined,
    ) ||
    (get(data, 'object') === 'response' && Array.isArray(get(data, 'output'))) ||
    (get(data, 'type') === 'message' && Array.isArray(get(data, 'content'))),

  read: ({ data }, seen) => {
    addOutput(seen)
    end(seen)
    seen.reason = true
    const usage = get(data, 'usage')
    addUsage(seen, get(usage, 'prompt_tokens'), get(usage, 'completion_tokens'))
    addUsage(seen, get(usage, 'input_tokens'), get(usage, 'output_tokens'))
    return true
  },
}

/** Whether the beginning of a JSON value is that of a provider's whole response. */
export function opensWholeJson(head: string): boolean {
  return head.startsWith('{') && OPENING.test(head)
}
