import {
  addOutput,
  addUsage,
  asArray,
  asText,
  below,
  end,
  eventType,
  type Follower,
  get,
  hasContent,
  type StreamEvent,
  textOrNone,
  type Wire,
} from './wire.ts'

/** Events that only announce something, and keep-alives. */
const SILENT =
  /^(keepalive|response\.(created|queued|in_progress|content_part\.added|reasoning_summary_part\.added))$/

const EVENTS =
  /^response\.(created|queued|in_progress|completed|incomplete|failed|(output_item|content_part|output_text|refusal|reasoning|reasoning_\w+|function_call_arguments|custom_tool_call_input|audio|\w+_call|\w+_call_\w+|mcp_\w+)(\.\w+)+)$/

/**
 * OpenAI Responses: typed events, ended by `response.completed` or `response.incomplete`.
 * [spec] https://platform.openai.com/docs/api-reference/responses-streaming
 */
export const openaiResponses: Wire = {
  name: 'openai-responses',
  requests: [{ path: /\/responses$/, mediaType: 'text/event-stream', streamsByDefault: false }],

  recognises: (event) => {
    const type = eventType(event)
    if (!EVENTS.test(type)) return false
    return (
      event.name === type ||
      typeof get(event.data, 'response') === 'object' ||
      ['item_id', 'output_index', 'sequence_number'].some((field) => get(event.data, field) !== undefined)
    )
  },

  read: (event, seen) => {
    const type = eventType(event)
    const { data } = event
    if (
      (type === 'response.completed' || type === 'response.incomplete' || type === 'response.done') &&
      get(data, 'response', 'status') !== 'failed'
    ) {
      if (hasContent(get(data, 'response', 'output')) && seen.outputs === 0) addOutput(seen)
      seen.working ||= asArray(get(data, 'response', 'output')).some(isLeftToRun)
      end(seen)
      seen.reason = true
      const usage = get(data, 'response', 'usage')
      addUsage(seen, get(usage, 'input_tokens'), get(usage, 'output_tokens'))
    } else if (type === 'response.output_item.added') {
      const item = asText(get(data, 'item', 'type'))
      // An empty message or reasoning item is only announced; a call has its name already.
      if (item !== 'message' && item !== 'reasoning') addOutput(seen)
      seen.working = item !== 'message'
    } else if (type === 'response.output_item.done') {
      addOutput(seen)
      seen.working = isLeftToRun(get(data, 'item'))
    } else if (type === 'response.created' || type === 'response.queued' || type === 'response.in_progress') {
      // A background response can be fetched again by its id: that is worth having at once.
      if (get(data, 'response', 'background') === true || get(data, 'response', 'status') === 'queued')
        seen.outputs++
    } else if (type.startsWith('response.') && !SILENT.test(type)) {
      addOutput(seen)
      if (isToolOrThought(event)) seen.working = !/\.(completed|done|failed)$/.test(type)
      else if (type.startsWith('response.output_text')) seen.working = false
    } else return SILENT.test(type)
    return true
  },

  begins: (event) => eventType(event) === 'response.created',

  words: (event) => eventType(event) === 'response.output_text.delta' && get(event.data, 'delta'),

  errorEvent: ({ code, message }) => ({ name: 'error', data: { type: 'error', code, message, param: null } }),

  // [spec] https://platform.openai.com/docs/guides/background
  background: {
    idOf: ({ data }) => textOrNone(get(data, 'response', 'id')),
    positionOf: ({ data }) => {
      const number = get(data, 'sequence_number')
      return typeof number === 'number' ? number : undefined
    },
    // Padding (`obfuscation`) and the state of the response differ each time.
    sameness: ({ data }) =>
      JSON.stringify(
        ['type', 'sequence_number', 'item_id', 'delta', 'text', 'response.id', 'item.id'].map((path) =>
          get(data, ...path.split('.')),
        ),
      ),
    urlAfter: (url, id, position) => {
      const after = below(url, id)
      after.searchParams.set('stream', 'true')
      if (position !== undefined) after.searchParams.set('starting_after', String(position))
      return after
    },
    stopUrl: (url, id) => below(url, id, 'cancel'),
    follow,
  },
}

/** Kinds of items whose parts are texts: the field of the parts, the names of their events and of their texts' events. */
const TEXTS = new Map([
  ['message', ['content', 'content_part', 'output_text']],
  ['reasoning', ['summary', 'reasoning_summary_part', 'reasoning_summary_text']],
])

/**
 * Sends the missing part of a response as its own events: each that has not been sent yet, and the rest of each text
 * after the part that was shown.
 */
function follow(): Follower {
  /** By kind and place of an event: the text of its deltas, or the id of its item. */
  const said = new Map<string, string>()

  return {
    see: ({ data }) => {
      const type = asText(get(data, 'type'))
      // Other deltas count as a whole when their item is done.
      const other = `other.delta,${String(get(data, 'output_index'))}`
      const key = /(?<!text)\.delta$/.test(type) ? other : keyOf(data)
      said.set(key, (said.get(key) ?? '') + asText(get(data, 'delta') ?? get(data, 'item', 'id')))
      if (type === 'response.output_item.done') said.delete(other)
    },
    missing: (whole, number) => {
      const status = asText(get(whole, 'status'))
      if (/^(queued|in_progress)$/.test(status)) return 'later'
      const events: object[] = []
      let isAnother = !/^(completed|incomplete|failed)$/.test(status)
      const say = (kind: string, fields: object, words = '') => {
        const event = { type: `response.${kind}`, sequence_number: number + events.length, ...fields }
        const key = keyOf(event)
        const begin = said.get(key)
        said.delete(key)
        isAnother ||= !words.startsWith(begin ?? '')
        const delta = words.slice(begin?.length)
        if (begin === undefined || delta) events.push('delta' in event ? { ...event, delta } : event)
      }
      for (const [output_index, item] of asArray(get(whole, 'output')).entries()) {
        const item_id = asText(get(item, 'id'))
        const [field = '', part_name, text_name] = TEXTS.get(asText(get(item, 'type'))) ?? []
        const begun = { ...(item as object), status: 'in_progress', ...(field && { [field]: [] }) }
        say('output_item.added', { output_index, item: begun }, item_id)
        for (const [index, part] of asArray(get(item, field)).entries()) {
          const at = { item_id, output_index, [`${field}_index`]: index }
          const text = get(part, 'text')
          isAnother ||= typeof text !== 'string'
          say(`${part_name}.added`, { ...at, part: { ...(part as object), text: '' } })
          say(`${text_name}.delta`, { ...at, delta: '' }, asText(text))
          say(`${text_name}.done`, { ...at, text })
          say(`${part_name}.done`, { ...at, part })
        }
        say('output_item.done', { output_index, item }, item_id)
      }
      say(status, { response: whole })
      const isMore = Array.from(said.keys()).some((key) => /\.delta|item\.added/.test(key))
      if (isAnother || isMore) return undefined
      return events
        .map((event) => `event: ${asText(get(event, 'type'))}\ndata: ${JSON.stringify(event)}\n\n`)
        .join('')
    },
  }
}

/** The kind of an event, and its place in the response. */
function keyOf(data: unknown): string {
  return ['type', 'output_index', 'content_index', 'summary_index'].map((field) => get(data, field)).join()
}

/** True for an item that the client must respond to; other tools run at the provider. */
function isLeftToRun(item: unknown): boolean {
  return /(?<!search|interpreter|generation|mcp)_call$|approval_request/.test(asText(get(item, 'type')))
}

function isToolOrThought(event: StreamEvent): boolean {
  return /_call|reasoning|mcp|custom_tool/.test(eventType(event))
}
