import { describe, expect, test } from 'vitest'
import { inspect } from '../../testing/inspect.ts'
import { createInspection } from './inspection.ts'

const SSE = 'text/event-stream'
const data = (value: unknown) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const verdict = (bytes: string, type = SSE, own = {}) => inspect(bytes, type, '/api/chat', [], own).verdict

describe('R1 what is nearly of a wire is not judged', () => {
  test.each([
    [
      'LangServe',
      'event: metadata\r\ndata: {"run_id": "5b0f"}\r\n\r\nevent: data\r\ndata: "Hi"\r\n\r\nevent: end\r\n\r\n',
    ],
    ['runs without a thread', data({ type: 'RUN_STARTED', runId: '1' }) + data({ type: 'STEP' })],
    ['text lines of another framework', '0:"hello"\n1:"b"\n'],
    ['words in brackets', '[note][see below!'],
    ['a formula', 'f:{x} = 2\ng:{}\n'],
    [
      'ADK, whose events have Gemini’s usage beside their own content',
      ['Hel', 'lo'].map((text) => data(adk(text))).join(''),
    ],
    [
      'the same in snake case, as lines',
      ['Hel', 'lo'].map((text) => `${JSON.stringify(snake(adk(text)))}\n`).join(''),
    ],
    [
      'steps of a pipeline with types like Gemini’s',
      ['step.started', 'content.delta'].map((event_type) => data({ event_type, delta: 'Hi' })).join(''),
    ],
    [
      'assistant-ui’s lines, which have tool calls and no end',
      '0:"Let me see"\nb:{"toolCallId":"t","toolName":"look"}\na:{"toolCallId":"t","result":1}\n0:"Yes"\n',
    ],
  ])('%s', (_name, bytes) => {
    expect(verdict(bytes)).toBe('complete')
    expect(verdict(bytes, 'text/plain')).toBe('complete')
    expect(inspect(bytes, SSE, '/api/chat').seen.outputs).toBeGreaterThan(0)
  })
})

function adk(text: string) {
  return {
    modelVersion: 'gemini-3-flash',
    content: { parts: [{ text }], role: 'model' },
    usageMetadata: { promptTokenCount: 3 },
    author: 'root_agent',
    actions: {},
  }
}

function snake({ usageMetadata, ...rest }: ReturnType<typeof adk>) {
  return { ...rest, usage_metadata: usageMetadata }
}

test('R3 a long line of the AI SDK 4 data stream is a line of it: its cut is a cut', () => {
  const lines = `f:{"messageId":"m"}\n0:${JSON.stringify('Hello '.repeat(2_000))}\n`
  expect(verdict(lines, 'text/plain')).toBe('truncated')
  expect(verdict(`${lines}d:{"finishReason":"stop"}\n`, 'text/plain')).toBe('complete')
})

describe('R2 the AI SDK’s older data stream ends as its servers end it', () => {
  const start = 'f:{"messageId":"m"}\n'
  const words = '0:"Hello"\n'
  const step = (finishReason: string, isContinued = false) =>
    `e:${JSON.stringify({ finishReason, isContinued })}\n`
  const tool = '9:{"toolCallId":"t","toolName":"look","args":{}}\na:{"toolCallId":"t","result":1}\n'
  const d = 'd:{"finishReason":"stop"}\n'
  const judged = (text: string) => verdict(text, 'text/plain; charset=utf-8')

  test.each([
    [
      'data and annotations of `onFinish`',
      start + words + step('stop') + d + '8:[{"id":"1"}]\n2:["saved"]\n',
    ],
    ['no `d:` but its last step', start + words + step('stop')],
    ['a server without steps', words + step('stop')],
    ['the same, and data behind it', words + step('stop') + '2:[{"finishReason":"stop"}]\n'],
    ['a server without steps, and tools that the page goes on with', words + tool + step('tool-calls')],
    ['much data behind it', start + words + d + '2:["saved"]\n'.repeat(3_000)],
  ])('%s', (_name, text) => {
    expect(judged(text)).toBe('complete')
  })

  test.each([
    ['in a text', start + words],
    ['after data in a text', start + words + '2:["a"]\n'],
    ['before a step that goes on with the text', start + words + step('length', true)],
    ['before the step that follows a tool', start + tool + step('tool-calls')],
    ['the same, far from the beginning', start + words.repeat(9_000) + tool + step('tool-calls')],
    ['in a second step', start + tool + step('tool-calls') + start + words],
  ])('a cut %s is a cut', (_name, text) => {
    expect(judged(text)).toBe('truncated')
  })

  test('an error that is only a warning fails nothing', () => {
    const error = (severity: string) => `3:${JSON.stringify({ error: 'No memory', severity })}\n`
    expect(judged(start + words + error('warning') + d)).toBe('complete')
    const failed = inspect(start + words + error('critical') + d, 'text/plain', '/api/chat')
    expect([failed.verdict, failed.seen.error]).toEqual(['error_in_stream', { message: 'No memory' }])
  })

  test('it is at work from a tool call to the next text', () => {
    const inspection = createInspection(new Headers({ 'content-type': 'text/plain' }), { path: '/api/chat' })
    const working = [
      start + words,
      ...tool.split(/(?<=\n)/),
      '2:["a"]\n',
      step('tool-calls'),
      start,
      words,
    ].map((text) => {
      inspection.feed(new TextEncoder().encode(text))
      return inspection.look().working
    })
    expect(working).toEqual([false, true, true, true, true, true, false])
  })
})

describe('R2 LangGraph’s messages end in the words of their providers', () => {
  const message = (fields: object) =>
    `event: messages\ndata: ${JSON.stringify([{ content: '', ...fields }, { langgraph_node: 'a' }])}\n\n`
  test.each([
    ['Anthropic', message({ additional_kwargs: { stop_reason: 'end_turn' } })],
    ['Gemini', message({ response_metadata: { finishReason: 'STOP' } })],
    ['Ollama', message({ response_metadata: { done_reason: 'stop' } })],
    ['a node that is done', 'event: updates\ndata: {"a":{"messages":[]}}\n\n'],
  ])('%s', (_name, end) => {
    expect(verdict(message({ content: 'Hi' }) + end)).toBe('complete')
    expect(verdict(message({ content: 'Hi' }))).toBe('truncated')
  })
})

describe('R3 a cut within a long event is a cut, and one without its end, too', () => {
  const long = 'x'.repeat(300_000)
  const part = (fields: object) => data({ candidates: [{ content: { parts: [fields] } }] })
  test.each([
    [
      'OpenAI chat',
      data({ choices: [{ delta: { content: 'a' } }] }) + data({ choices: [{ delta: { images: [long] } }] }),
    ],
    ['Gemini', part({ text: 'a' }) + part({ inlineData: { data: long } })],
    [
      'Responses',
      data({ type: 'response.output_text.delta', item_id: '1', delta: 'a' }) +
        data({ type: 'response.completed', response: { output: [long] } }),
    ],
    [
      'Ollama',
      `${JSON.stringify({ message: { content: 'a' }, done: false })}\n${JSON.stringify({ message: { content: long }, done: false })}\n`,
    ],
  ])('%s', (_name, bytes) => {
    expect(verdict(bytes.slice(0, -5_000))).toBe('truncated')
  })

  test.each([
    ['OpenAI chat', data({ choices: [{ delta: { content: long } }] })],
    ['Gemini', part({ inlineData: { data: long } })],
  ])('a whole long event of %s without a finish', (_name, bytes) => {
    expect(verdict(bytes)).toBe('truncated')
  })

  test('a long event that an own matcher may lie in is not judged', () => {
    expect(verdict(data({ blob: long, type: 'done' }), SSE, { ends: 'type=done' })).toBe('complete')
  })
})

test('lines of text end by their own marker', () => {
  expect(verdict('hello\n[END]\n', 'text/plain', { ends: 'data=[END]' })).toBe('complete')
  expect(verdict('hello\n', 'text/plain', { ends: 'data=[END]' })).toBe('truncated')
  expect(verdict('ERR boom\n', 'text/plain', { errors: 'data=ERR boom' })).toBe('error_in_stream')
})

describe('R7 an error is what says so, and nothing else', () => {
  test.each([
    { step: 1, error: 0.53 },
    { error: 'none', text: 'a' },
    { error: { count: 0 }, text: 'a' },
    { error: { code: 1 }, text: 'an answer' },
    { type: 'error', recoverable: true, text: 'falling back' },
    { data: { text: 'answer' }, error: 'cache miss, answered from the model' },
  ])('%j is none', (value) => {
    expect(verdict(data(value) + data({ text: 'b' }))).toBe('complete')
    expect(verdict(JSON.stringify(value), 'application/json')).toBe('complete')
  })

  test.each([
    { error: 'Overloaded' },
    { error: { message: 'No' }, choices: null },
    { type: 'error', error: { type: 'overloaded_error', message: 'No' }, request_id: 'r' },
    { error: { code: 429, status: 'RESOURCE_EXHAUSTED' }, id: '1', model: 'm' },
  ])('%j is one', (value) => {
    expect(verdict(data(value))).toBe('error_in_stream')
    expect(verdict(JSON.stringify(value), 'application/json')).toBe('error_in_stream')
  })
})

describe('R7 in a stream whose protocol is known, too', () => {
  const chat = (fields: object, more = {}) =>
    data({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: null, ...fields }], ...more })
  const role = chat({ delta: { role: 'assistant' } })
  const say = chat({ delta: { content: 'Hi' } })
  const end = chat({ finish_reason: 'stop' })
  const error = 'File not found'

  test.each([
    ['a tool by its type', data({ type: 'tool_result', tool: 'read', error })],
    ['a tool by its name', `event: tool_error\n${data({ error })}`],
    // Dify's own field.
    // oxlint-disable-next-line id-denylist
    ['a tool in Dify’s words', data({ event: 'tool_end', name: 'read', error })],
    ['a source', data({ type: 'source', url: 'https://a.example', error: 'Timed out' })],
    ['a document', data({ document_id: 'd', error: 'Timed out' })],
    ['a step', data({ step: 'search', error: { message: 'Timed out' } })],
  ])('%s that has failed is no failure of the response', (_name, failed) => {
    expect(verdict(role + failed + say + end)).toBe('complete')
    expect(verdict(say + failed + say + end)).toBe('complete')
    expect(verdict(say + failed)).toBe('truncated')
    const { outputs, error } = inspect(role + failed, SSE, '/api/chat').seen
    expect([outputs, error]).toEqual([1, undefined])
  })

  test('a tool of a Responses stream that has failed is none', () => {
    const responses = (type: string, fields: object) => data({ type: `response.${type}`, ...fields })
    const item = { item_id: 'i', output_index: 0 }
    const failed = responses('mcp_call.failed', { ...item, error: { message: 'Timed out' } })
    const whole = responses('output_text.delta', { ...item, delta: 'Hi' }) + responses('completed', {})
    expect(verdict(responses('created', { response: {} }) + failed + whole)).toBe('complete')
  })

  test('a tool of an own protocol that has failed is none', () => {
    const own = { ends: 'type=end' }
    const failed = data({ type: 'tool_result', name: 'read', error })
    expect(verdict(data({ text: 'Hi' }) + failed + data({ type: 'end' }), SSE, own)).toBe('complete')
    expect(verdict(data({ text: 'Hi' }) + data({ error: 'No' }), SSE, own)).toBe('error_in_stream')
  })

  test.each([
    [
      'OpenRouter’s last chunk',
      chat({ finish_reason: 'error' }, { error: { code: 502, message: 'No' }, provider: 'p' }),
    ],
    ['a chunk with an error', chat({}, { error: { message: 'No' }, native: 1 })],
    ['an error event', data({ type: 'error', message: 'No', tool: 'read' })],
    ['an event of that name', `event: error\n${data({ message: 'No', step: 3 })}`],
    ['an error alone', data({ error: { message: 'No' }, conversation_id: 'c' })],
  ])('%s is a failure of the response', (_name, failed) => {
    expect(verdict(role + failed)).toBe('error_in_stream')
    expect(verdict(say + failed + data('[DONE]'))).toBe('error_in_stream')
  })

  test.each([
    ['alone', { error: 'No' }],
    ['that says that it is the end', { error: 'No', done: true }],
    ['in a whole line', { model: 'm', created_at: 'now', done: true, error: 'No', total_duration: 7 }],
  ])('a line of Ollama with an error is one: %s', (_name, failed) => {
    const line = (value: object) => `${JSON.stringify(value)}\n`
    const said = line({ model: 'm', created_at: 'now', message: { content: 'Hi' }, done: false })
    expect(verdict(said + line(failed), 'application/x-ndjson')).toBe('error_in_stream')
  })

  test('Gemini’s error is one, also beside its usage', () => {
    const part = data({ candidates: [{ content: { parts: [{ text: 'Hi' }] } }] })
    const failed = { error: { code: 503, message: 'No', status: 'UNAVAILABLE' } }
    expect(verdict(part + data(failed))).toBe('error_in_stream')
    expect(verdict(part + data({ ...failed, usageMetadata: { promptTokenCount: 3 } }))).toBe(
      'error_in_stream',
    )
  })
})

test('pretty-printed JSON between fields is no error of an unknown stream', () => {
  expect(verdict('data: {\n  "text": "a",\n  "error": null\n}\n\n')).toBe('complete')
  expect(verdict('error: none\ndata: hi\n\n')).toBe('complete')
})

test('R4 the beginning of a page is held for as long as it may become one', () => {
  const inspection = createInspection(new Headers({ 'content-type': 'text/html' }), { path: '/chat' })
  inspection.feed(new TextEncoder().encode('<!DOCT'))
  expect(inspection.stage()).toBe('empty')
  inspection.feed(new TextEncoder().encode('YPE html><p>'))
  expect(inspection.stage()).toBe('page')
})

describe('R8 another response in the same stream takes the end back', () => {
  const lines = (...values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('')
  const run = { threadId: 't', runId: 'r' }
  test.each([
    [
      'AG-UI',
      data({ type: 'RUN_STARTED', ...run }) + data({ type: 'RUN_FINISHED', ...run }),
      data({ type: 'RUN_STARTED', ...run }) +
        data({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'a' }),
    ],
    [
      'Anthropic',
      data({ type: 'message_start', message: {} }) +
        data({ type: 'message_delta', delta: { stop_reason: 'tool_use' } }) +
        data({ type: 'message_stop' }),
      data({ type: 'message_start', message: {} }) +
        data({ type: 'content_block_delta', index: 0, delta: { text: 'a' } }),
    ],
    [
      'Responses',
      data({ type: 'response.created', response: {} }) + data({ type: 'response.completed', response: {} }),
      data({ type: 'response.created', response: {} }) +
        data({ type: 'response.output_text.delta', item_id: '1', delta: 'a' }),
    ],
    [
      'Ollama',
      lines({ message: { content: 'a' }, done: false }, { message: { content: '' }, done: true }),
      lines({ message: { content: 'b' }, done: false }),
    ],
  ])('%s', (_name, first, cut) => {
    expect(verdict(first)).toBe('complete')
    expect(verdict(first + cut)).toBe('truncated')
    expect(verdict(first + cut + first)).toBe('complete')
  })
})

describe('R9 an end that leaves tools to run is not the last word', () => {
  /** The results of two looks: at a tool call, and at the end of its turn. */
  const looks = (call: string, end: string, type = SSE) => {
    const inspection = createInspection(new Headers({ 'content-type': type }), { path: '/api/chat' })
    return [call, end].map((bytes) => {
      inspection.feed(new TextEncoder().encode(bytes))
      return inspection.look()
    })
  }
  const chunk = (delta: object, finish_reason: string | null = null) =>
    data({ choices: [{ index: 0, delta, finish_reason }] })
  const line = (message: object, done: boolean) =>
    `${JSON.stringify({ model: 'm', created_at: 'now', message, done, ...(done && { done_reason: 'stop' }) })}\n`
  const responses = (item: object) =>
    data({ type: 'response.created', response: {} }) +
    data({ type: 'response.output_item.added', output_index: 0, item }) +
    data({ type: 'response.output_item.done', output_index: 0, item })
  const completed = (...output: object[]) => data({ type: 'response.completed', response: { output } })
  const call = { type: 'function_call', name: 'look', arguments: '{}' }
  const tool_calls = [{ function: { name: 'look', arguments: {} } }]

  test.each([
    ['OpenAI chat', chunk({ tool_calls }), chunk({}, 'tool_calls')],
    ['OpenAI chat with its end marker', chunk({ tool_calls }), chunk({}, 'tool_calls') + 'data: [DONE]\n\n'],
    ['a dialect of it that says stop', chunk({ tool_calls }), chunk({}, 'stop')],
    ['one that says so with the call', chunk({ role: 'assistant' }), chunk({ tool_calls }, 'stop')],
    ['Responses', responses(call), completed(call)],
    ['Responses whose end repeats nothing', responses(call), completed()],
    [
      'Responses that say more than the call',
      responses(call),
      responses({ type: 'message' }) + completed(call),
    ],
    ...[
      'custom_tool_call',
      'computer_call',
      'local_shell_call',
      'apply_patch_call',
      'mcp_approval_request',
    ].map((type): [string, string, string] => [type, responses({ type }), completed({ type })]),
    [
      'Anthropic',
      data({ type: 'message_delta', delta: { stop_reason: 'tool_use' } }),
      data({ type: 'message_stop' }),
    ],
    [
      'Cohere',
      data({ type: 'tool-call-start', delta: { message: {} } }),
      data({ type: 'message-end', delta: { finish_reason: 'TOOL_CALL' } }),
    ],
    ['Ollama', line({ tool_calls }, false), line({ content: '' }, true)],
    ['Ollama, in one', line({ content: '' }, false), line({ tool_calls }, true)],
    [
      'Mistral conversations',
      data({ type: 'conversation.response.started' }) +
        data({ type: 'function.call.delta', arguments: '{}' }),
      data({ type: 'conversation.response.done' }),
    ],
    [
      'Gemini Interactions',
      data({ event_type: 'step.start', index: 0, step: { type: 'function_call' } }) +
        data({ event_type: 'step.stop', index: 0 }),
      data({ event_type: 'interaction.completed', interaction: { status: 'requires_action' } }),
    ],
    [
      'AG-UI',
      data({ type: 'TOOL_CALL_START', toolCallId: 'c' }) + data({ type: 'TOOL_CALL_END', toolCallId: 'c' }),
      data({ type: 'RUN_FINISHED', runId: 'r', threadId: 't' }),
    ],
  ])('%s', (_name, called, end) => {
    const type = called.startsWith('{') ? 'application/x-ndjson' : SSE
    expect(looks(called, end, type)[1]).toMatchObject({ finished: false, working: true })
    expect(verdict(called + end, type)).toBe('complete')
  })

  test.each([
    ['OpenAI chat', chunk({ tool_calls }) + chunk({ content: 'Hi' }), chunk({}, 'stop')],
    [
      'LangGraph',
      'event: metadata\ndata: {"run_id":"r","attempt":1}\n\nevent: values\ndata: {"messages":[]}\n\n',
      'event: end\ndata: null\n\n',
    ],
    ['Responses', responses({ type: 'web_search_call' }), completed({ type: 'web_search_call' })],
    ['Ollama', line({ tool_calls }, false), line({ content: 'Hi' }, false) + line({ content: '' }, true)],
    [
      'Cohere',
      data({ type: 'content-delta', delta: { message: {} } }),
      data({ type: 'message-end', delta: { finish_reason: 'COMPLETE' } }),
    ],
  ])('what has run is no reason to wait: %s', (_name, called, end) => {
    const type = called.startsWith('{') ? 'application/x-ndjson' : SSE
    expect(looks(called, end, type)[1]).toMatchObject({ finished: true, working: false })
  })

  test('the AI SDK’s older data stream may go on after any `d:`', () => {
    const start = 'f:{"messageId":"m"}\n'
    for (const [part, reason, working] of [
      ['9:{"toolCallId":"t","toolName":"look","args":{}}\n', 'tool-calls', true],
      ['0:"Hi"\n', 'stop', false],
    ] as const) {
      const end = `d:{"finishReason":"${reason}"}\n`
      expect(looks(start + part, end, 'text/plain')[1]).toMatchObject({ finished: false, working })
      expect(verdict(start + part + end, 'text/plain')).toBe('complete')
      expect(verdict(start + part + end + start, 'text/plain')).toBe('truncated')
      expect(verdict(start + part + end + start + part + end, 'text/plain')).toBe('complete')
    }
  })
})

describe('R10 after a tool’s result the model is asked again, which may be silent for as long as the tool', () => {
  const UI = { toolCallId: 't', toolName: 'look' }
  const LATER = { ...UI, toolCallId: 'u' }
  const run = { threadId: 't', runId: 'r' }
  const chunk = { id: 'c', model: 'm', timestamp: 1 }
  const graph = (message: object) =>
    `event: messages\n${data([{ response_metadata: {}, ...message }, { langgraph_node: 'a' }])}`

  // Each event, and whether a long silence after it is normal.
  test.each<[string, [string, boolean][]]>([
    [
      'the AI SDK’s UI messages',
      [
        [data({ type: 'text-delta', id: '1', delta: 'Hi' }), false],
        [data({ type: 'tool-input-available', ...UI, input: {} }), true],
        [data({ type: 'tool-input-available', ...LATER, input: {} }), true],
        [data({ type: 'tool-output-available', ...LATER, output: 1, preliminary: true }), true],
        [data({ type: 'tool-output-error', ...UI, errorText: 'No' }), true],
        [data({ type: 'tool-output-available', ...LATER, output: 1 }), true],
        [data({ type: 'finish-step' }) + data({ type: 'start-step' }), true],
        [data({ type: 'text-start', id: '2' }), false],
        [data({ type: 'text-delta', id: '2', delta: 'Hi' }), false],
        [data({ type: 'finish-step' }) + data({ type: 'start-step' }), true],
        [data({ type: 'finish' }), false],
      ],
    ],
    [
      'its own parts, without the input as it is written',
      [
        [data({ type: 'text-delta', id: '1', text: 'Hi' }), false],
        [data({ type: 'tool-call', ...UI, input: {} }), true],
        [data({ type: 'tool-result', ...UI, output: 1 }), true],
        [data({ type: 'text-delta', id: '1', text: 'Hi' }), false],
      ],
    ],
    [
      'AG-UI',
      [
        [
          data({ type: 'RUN_STARTED', ...run }) +
            data({ type: 'TEXT_MESSAGE_CHUNK', messageId: 'm', delta: 'Hi' }),
          false,
        ],
        [data({ type: 'TOOL_CALL_END', toolCallId: 't' }), true],
        [data({ type: 'TOOL_CALL_RESULT', toolCallId: 't', content: '1' }), true],
        [data({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'Hi' }), false],
        [data({ type: 'STEP_STARTED', stepName: 's' }), true],
        [data({ type: 'STEP_FINISHED', stepName: 's' }), false],
        [data({ type: 'RUN_FINISHED', ...run }), false],
      ],
    ],
    [
      'TanStack AI’s older chunks',
      [
        [data({ type: 'content', ...chunk, delta: 'Hi' }), false],
        [data({ type: 'tool_call', ...chunk }), true],
        [data({ type: 'tool_result', ...chunk, content: '1' }), true],
        [data({ type: 'content', ...chunk, delta: 'Hi' }), false],
      ],
    ],
    [
      'LangGraph',
      [
        [graph({ type: 'AIMessageChunk', content: 'Hi' }), false],
        [graph({ type: 'AIMessageChunk', content: '', tool_calls: [{ name: 'look' }] }), true],
        [graph({ type: 'tool', content: '1', tool_call_id: 't' }), true],
        [graph({ type: 'AIMessageChunk', content: 'Hi' }), false],
      ],
    ],
    [
      'Mistral conversations',
      [
        [
          data({ type: 'conversation.response.started' }) +
            data({ type: 'message.output.delta', content: 'Hi' }),
          false,
        ],
        [data({ type: 'tool.execution.started', name: 'web_search' }), true],
        [data({ type: 'tool.execution.done', name: 'web_search' }), true],
        [data({ type: 'agent.handoff.done' }), true],
        [data({ type: 'message.output.delta', content: 'Hi' }), false],
      ],
    ],
  ])('%s', (_name, events) => {
    const inspection = createInspection(new Headers({ 'content-type': SSE }), { path: '/api/chat' })
    const working = events.map(([bytes]) => {
      inspection.feed(new TextEncoder().encode(bytes))
      return [bytes, inspection.look().working]
    })
    expect(working).toEqual(events)
  })

  test('the AI SDK’s [DONE] is the last word all the same', () => {
    const text =
      data({ type: 'tool-output-available', ...UI, output: 1 }) +
      data({ type: 'finish-step' }) +
      data('[DONE]')
    const { inspection } = inspect(data({ type: 'start-step' }), SSE, '/api/chat')
    inspection.feed(new TextEncoder().encode(text))
    expect(inspection.look()).toMatchObject({ finished: true, working: false })
  })
})

test('data of the app’s own behind the AI SDK’s finish does not take it back', () => {
  const whole = data({ type: 'text-delta', id: '1', delta: 'Hi' }) + data({ type: 'finish' })
  const saved = data({ type: 'data-saved', data: 1 })
  expect(verdict(whole + saved)).toBe('complete')
  expect(verdict(whole + saved.repeat(3_000))).toBe('complete')
  expect(verdict(whole + saved + data({ type: 'start-step' }))).toBe('truncated')
  expect(verdict(saved + data({ type: 'text-delta', id: '1', delta: 'Hi' }) + saved)).toBe('truncated')
})

test('some servers of the Responses API end with `response.done`', () => {
  const said = data({ type: 'response.output_text.delta', item_id: 'i', output_index: 0, delta: 'Hi' })
  const done = (status: string) => data({ type: 'response.done', response: { status } })
  expect(verdict(said + done('completed'))).toBe('complete')
  expect(verdict(said + done('failed'))).toBe('truncated')
})
