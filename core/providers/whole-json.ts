import { addOutput, addUsage, asArray, end, get, type StreamEvent, type Wire, wordsIn } from './wire.ts'

/** How the bodies of the providers' whole responses begin: one of these is within the first bytes. */
const OPENING =
  /"object"\s{0,20}:\s{0,20}"(chat\.completion"|text_completion"|response"\s{0,20},\s{0,20}"created)|"type"\s{0,20}:\s{0,20}"message"\s{0,20},\s{0,20}"role"\s{0,20}:\s{0,20}"assistant"|"choices"\s{0,20}:\s{0,20}\[\s{0,20}\{\s{0,20}"(index"|finish_reason"|message"\s{0,20}:\s{0,20}\{)|"candidates"\s{0,20}:\s{0,20}\[\s{0,20}\{\s{0,20}"content"\s{0,20}:\s{0,20}\{/

/**
 * A response as one JSON value, as all providers send it for a request that does not stream. Half of it is of no use to
 * anyone, so it is held until it is complete.
 */
export const wholeJson: Wire = {
  name: 'whole-json',
  formats: ['values'],

  recognises: ({ data }: StreamEvent) =>
    asArray(get(data, 'choices')).some(
      (choice) => typeof get(choice, 'message') === 'object' && get(choice, 'delta') === undefined,
    ) ||
    (get(data, 'object') === 'response' && Array.isArray(get(data, 'output'))) ||
    (get(data, 'object') === 'conversation.response' && Array.isArray(get(data, 'outputs'))) ||
    (typeof get(data, 'finish_reason') === 'string' && Array.isArray(get(data, 'message', 'content'))) ||
    (get(data, 'type') === 'message' &&
      get(data, 'stop_reason') !== undefined &&
      Array.isArray(get(data, 'content'))),

  read: ({ data }, seen) => {
    addOutput(seen)
    end(seen)
    seen.reason = true
    const usage = get(data, 'usage')
    addUsage(seen, get(usage, 'prompt_tokens'), get(usage, 'completion_tokens'))
    addUsage(seen, get(usage, 'input_tokens'), get(usage, 'output_tokens'))
    addUsage(seen, get(usage, 'tokens', 'input_tokens'), get(usage, 'tokens', 'output_tokens')) // Cohere
    return true
  },

  words: ({ data }) => {
    const message = get(data, 'choices', '0', 'message') ?? get(data, 'message') ?? data
    const items = get(data, 'output') ?? get(data, 'outputs')
    return [message, ...asArray(items)].map((item) => wordsIn(get(item, 'content'))).join('')
  },
}

/** True if the beginning of a JSON value is that of a provider's whole response. */
export function opensWholeJson(head: string): boolean {
  return head.startsWith('{') && OPENING.test(head)
}
