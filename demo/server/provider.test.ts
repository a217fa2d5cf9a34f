import { afterAll, expect, test } from 'vitest'
import { startServer } from './start-server.ts'
import type { Step } from './step.ts'
import { chat, chunksOf, fault, logOf, readToBreak, readUntil, textOf } from './testing/chat.ts'

const server = await startServer({ tokensPerSecond: () => 0 })
afterAll(server.close)

const TEXT = 'one two three four five six'

/** A client's view of a single step; the responses around it contain TEXT. */
async function see(step: Step, body: Record<string, unknown> = {}) {
  const response = await chat(server, { fault: fault([step], { answer: { text: TEXT } }), ...body })
  return { response, ...(await readToBreak(response)) }
}

test('a streamed response has role, text, finish reason, usage when asked for, and [DONE]', async () => {
  const { response, text } = await see({ kind: 'answer' }, { stream_options: { include_usage: true } })
  const chunks = chunksOf(text)
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  expect(chunks[0]).toMatchObject({
    object: 'chat.completion.chunk',
    choices: [{ delta: { role: 'assistant' } }],
  })
  expect(textOf(text)).toBe(TEXT)
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 6 } })
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  expect((await see({ kind: 'answer' })).text).not.toContain('"usage"')
})

test('a whole response is one JSON', async () => {
  const { text } = await see({ kind: 'answer' }, { stream: false })
  expect(JSON.parse(text)).toMatchObject({
    object: 'chat.completion',
    choices: [{ message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
    usage: { completion_tokens: 6 },
  })
})

test('the samples react to what was said', async () => {
  const response = await chat(server, { messages: [{ role: 'user', content: 'Compare tea and `coffee`' }] })
  const text = textOf(await response.text())
  expect(text).toContain('“Compare tea and coffee”')
  expect(text).toContain('|---|')
})

test('a reasoning model thinks before it speaks', async () => {
  const { text } = await see({ kind: 'answer' }, { model: 'o4-mini-demo' })
  expect(text.indexOf('reasoning_content')).toBeLessThan(text.indexOf('"content":"one"'))
  expect(text.lastIndexOf('reasoning_content')).toBeLessThan(text.indexOf('"content":"one"'))
  expect(textOf(text)).toBe(TEXT)
})

test('attempts of one id take one step each, then get a good response', async () => {
  const body = {
    fault: fault([
      { kind: 'status', status: 500 },
      { kind: 'status', status: 503 },
    ]),
  }
  const statuses: number[] = []
  for (let attempt = 1; attempt <= 4; attempt++) statuses.push((await chat(server, body)).status)
  expect(statuses).toEqual([500, 503, 200, 200])
})

test('repeat keeps to the last step', async () => {
  const body = {
    fault: fault(
      [
        { kind: 'status', status: 500 },
        { kind: 'status', status: 503 },
      ],
      { repeat: true },
    ),
  }
  const statuses: number[] = []
  for (let attempt = 1; attempt <= 4; attempt++) statuses.push((await chat(server, body)).status)
  expect(statuses).toEqual([500, 503, 503, 503])
})

test('without an id, equal bodies count together and others do not', async () => {
  const asked = (content: string) =>
    chat(server, {
      messages: [{ role: 'user', content }],
      fault: { steps: [{ kind: 'status', status: 500 }] },
    })
  expect((await asked('first')).status).toBe(500)
  expect((await asked('second')).status).toBe(500)
  expect((await asked('first')).status).toBe(200)
})

test('a status comes with its headers, its hint and a body like OpenAI’s', async () => {
  const { response, text } = await see({
    kind: 'status',
    status: 429,
    headers: { 'X-Should-Retry': 'false' },
    hint: { form: 'retry-after', ms: 7_000 },
  })
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('7')
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(JSON.parse(text)).toMatchObject({ error: { code: 'rate_limit_exceeded' } })
  expect((await see({ kind: 'status', status: 418, body: 'tea' })).text).toBe('tea')
})

test('a login page comes as a 200', async () => {
  const { response, text } = await see({ kind: 'html' })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('text/html')
  expect(text).toContain('<form>')
})

test('a reset before the headers is a network error', async () => {
  await expect(see({ kind: 'reset' })).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
})

test('late headers come late, and no sooner', async () => {
  const before = performance.now()
  await see({ kind: 'answer', headersAfterMs: 120 })
  expect(performance.now() - before).toBeGreaterThanOrEqual(115)
})

test.each([
  ['reset', true],
  ['close', true],
  ['end', false],
] as const)('an answer cut by %s after n tokens has these tokens and no end marker', async (by, breaks) => {
  const { text, broke } = await see({ kind: 'answer', cut: { afterTokens: 3, by } })
  expect(textOf(text)).toBe('one two three')
  expect(text).not.toContain('"finish_reason":"stop"')
  expect(text).not.toContain('[DONE]')
  expect(broke).toBe(breaks)
})

test('an error event may come first, or after some tokens', async () => {
  const first = await see({ kind: 'answer', cut: { afterTokens: 0, by: 'error' } })
  expect(first.response.status).toBe(200)
  expect(first.text.startsWith('data: {"error":')).toBe(true)
  const later = await see({
    kind: 'answer',
    cut: { afterTokens: 2, by: 'error', named: true, error: { code: 'slow_down' } },
  })
  expect(textOf(later.text.split('event: error')[0] ?? '')).toBe('one two')
  expect(later.text.endsWith('event: error\ndata: {"error":{"code":"slow_down"}}\n\n')).toBe(true)
})

test('end markers can be left out one by one', async () => {
  const markers = async (endMarkers: 'both' | 'finish_reason' | 'done' | 'none') => {
    const { text } = await see({ kind: 'answer', endMarkers })
    return [text.includes('"finish_reason":"stop"'), text.includes('[DONE]')]
  }
  expect(await markers('finish_reason')).toEqual([true, false])
  expect(await markers('done')).toEqual([false, true])
  expect(await markers('none')).toEqual([false, false])
})

test('a whole response that is cut breaks off within its text', async () => {
  const { text, broke } = await see({ kind: 'answer', cut: { afterTokens: 2, by: 'end' } }, { stream: false })
  expect(broke).toBe(false)
  expect(text.endsWith('"content":"one two')).toBe(true)
})

test('before the first output there may be comments, empty deltas or reasoning', async () => {
  const heard = async (send: 'comments' | 'empty' | 'reasoning') => {
    const { text } = await see({ kind: 'answer', pauses: [{ ms: 30, everyMs: 10, send }] })
    expect(textOf(text)).toBe(TEXT)
    return text.slice(0, text.indexOf('"content":"one"'))
  }
  expect((await heard('comments')).match(/^: keep-alive$/gm)).toHaveLength(3)
  expect((await heard('empty')).match(/"delta":\{"content":""\}/g)).toHaveLength(3)
  expect((await heard('reasoning')).match(/reasoning_content/g)).toHaveLength(3)
})

test('keep-alives for ever bring no word', async () => {
  const stop = new AbortController()
  const body = {
    fault: fault([{ kind: 'answer', pauses: [{ ms: 'forever', everyMs: 5, send: 'comments' }] }]),
  }
  const response = await chat(server, body, { signal: stop.signal })
  await readUntil(response, ': keep-alive\n\n: keep-alive\n\n: keep-alive\n\n')
  expect((await logOf(server, body.fault.id))[0]).toMatchObject({ tokens: 0, status: 200 })
  stop.abort()
})

test('a response keeps the pace it is asked for', async () => {
  const before = performance.now()
  await see({ kind: 'answer', tokensPerSecond: 50 })
  // Six tokens have five intervals of 20 ms.
  expect(performance.now() - before).toBeGreaterThanOrEqual(95)
})

test('a page of another origin may ask, and its preflight is in the log', async () => {
  const preflight = await fetch(`${server.url}/v1/chat/completions?fault_id=preflight`, {
    method: 'OPTIONS',
    headers: {
      Origin: 'https://app.example',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type',
    },
  })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
  expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization,content-type')
  expect(await logOf(server, 'preflight')).toMatchObject([{ method: 'OPTIONS', attempt: 0, status: 204 }])
})

test('what is no chat request is refused in words', async () => {
  const response = await chat(server, { fault: { steps: [{ kind: 'answer', cutt: 1 }] } })
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('unknown field cutt')
  expect((await chat(server, { messages: [] })).status).toBe(400)
  expect((await chat(server, {}, { body: '{' })).status).toBe(400)
})

test('a step that cannot be carried out is answered, not left hanging', async () => {
  const { response } = await see({ kind: 'status', status: 429, headers: { 'no header': 'x' } })
  expect(response.status).toBe(500)
})

test('the models can be listed', async () => {
  const response = await fetch(`${server.url}/v1/models`)
  expect(await response.json()).toMatchObject({
    object: 'list',
    data: [{ id: 'demo-small' }, {}, { id: 'o4-mini-demo' }],
  })
})
