import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { countConnections } from '../testing/count-connections.ts'
import { DONE, FINISH, say, WHOLE } from '../testing/openai-events.ts'
import { createResilientFetch } from './create-resilient-fetch.ts'

// A Response tells where it came from; apps resolve links by it, and see a lost session by a redirect.

const PATH = '/v1/chat/completions'
const SSE = { 'content-type': 'text/event-stream' }
const JSON_TYPE = { 'content-type': 'application/json' }
const HTML = { 'content-type': 'text/html' }
const LOGIN = '<!doctype html><title>Log in</title><form></form>'

const quick = createResilientFetch({ retry: { baseMs: 0, jitterMs: 0 } })

/** The responses of each path, in order; the last one repeats. */
async function serve(paths: Record<string, ((response: ServerResponse) => unknown)[]>) {
  const asked: string[] = []
  const upstream = await countConnections(({ method, url = '' }: IncomingMessage, response) => {
    const { pathname } = new URL(url, 'http://upstream')
    const responses = paths[pathname] ?? []
    const nth = asked.filter((each) => each.endsWith(` ${pathname}`)).length
    asked.push(`${method} ${pathname}`)
    responses[Math.min(nth, responses.length - 1)]?.(response)
  })
  return { ...upstream, url: new URL(upstream.url).origin, asked }
}

const to = (status: number, location: string) => (response: ServerResponse) =>
  response.writeHead(status, { location }).end()
const stream = (response: ServerResponse) => response.writeHead(200, SSE).end(WHOLE)

async function ask(url: string, body: object = { stream: true }) {
  const response = await quick(url, { method: 'POST', body: JSON.stringify(body) })
  const { status, redirected } = response
  return { status, redirected, url: response.url, text: await response.text() }
}

describe('R4 url and redirected are those of the upstream’s Response', () => {
  test.each([
    ['a whole answer', (response: ServerResponse) => response.writeHead(200, JSON_TYPE).end('{}'), 200, '{}'],
    ['a stream', stream, 200, WHOLE],
    ['a refusal', (response: ServerResponse) => response.writeHead(400, JSON_TYPE).end('{}'), 400, '{}'],
    ['nothing at all', (response: ServerResponse) => response.writeHead(204).end(), 204, ''],
  ])('%s, after a redirect that keeps the POST and without one', async (_name, reply, status, text) => {
    await using upstream = await serve({ '/old': [to(307, `${PATH}?moved=1`)], [PATH]: [reply] })
    expect(await ask(`${upstream.url}/old`)).toEqual({
      status,
      text,
      redirected: true,
      url: `${upstream.url}${PATH}?moved=1`,
    })
    expect(await ask(`${upstream.url}${PATH}?key=1`)).toEqual({
      status,
      text,
      redirected: false,
      url: `${upstream.url}${PATH}?key=1`,
    })
  })

  test('the attempt that answers counts, not the one before it', async () => {
    const unavailable = (response: ServerResponse) => response.writeHead(503).end()
    await using upstream = await serve({
      '/one': [to(307, '/two'), stream],
      '/two': [unavailable],
    })
    expect(await ask(`${upstream.url}/one`)).toEqual({
      status: 200,
      text: WHOLE,
      redirected: false,
      url: `${upstream.url}/one`,
    })
    expect(upstream.asked).toEqual(['POST /one', 'POST /two', 'POST /one'])
  })

  test('a stream that goes on after it was handed over', async () => {
    await using upstream = await serve({
      [PATH]: [
        (response) => {
          response.writeHead(200, SSE).write(say('Hel'))
          setImmediate(() => response.end(say('lo') + FINISH + DONE))
        },
      ],
    })
    expect(await ask(`${upstream.url}${PATH}`)).toMatchObject({ redirected: false, url: upstream.url + PATH })
  })
})

describe('R4 a page of HTML where a chat should be', () => {
  test.each([
    ['302', 302, 'GET'],
    ['303', 303, 'GET'],
    ['308', 308, 'POST'],
  ])('after a redirect (%s) is handed on as it came, after one more try', async (_name, status, method) => {
    const login = (response: ServerResponse) => response.writeHead(200, HTML).end(LOGIN)
    await using upstream = await serve({ [PATH]: [to(status, '/login')], '/login': [login] })
    expect(await ask(upstream.url + PATH)).toEqual({
      status: 200,
      text: LOGIN,
      redirected: true,
      url: `${upstream.url}/login`,
    })
    expect(upstream.asked).toEqual([`POST ${PATH}`, `${method} /login`, `POST ${PATH}`, `${method} /login`])
  })

  test('a page of HTML that is longer than what is inspected is passed on whole', async () => {
    const long = LOGIN + '<p>Terms</p>'.repeat(20_000)
    await using upstream = await serve({
      [PATH]: [to(302, '/login')],
      '/login': [(response) => response.writeHead(200, HTML).end(long)],
    })
    const { text, url } = await ask(upstream.url + PATH)
    expect([text === long, url]).toEqual([true, `${upstream.url}/login`])
  })

  test('without a redirect is a 502 with its own words, from where it was asked', async () => {
    await using upstream = await serve({ [PATH]: [(response) => response.writeHead(200, HTML).end(LOGIN)] })
    expect(await ask(upstream.url + PATH)).toEqual({
      status: 502,
      text: LOGIN,
      redirected: false,
      url: upstream.url + PATH,
    })
    expect(upstream.asked).toHaveLength(2)
  })

  test('once, then a chat, is a chat', async () => {
    await using upstream = await serve({
      [PATH]: [to(302, '/login'), stream],
      '/login': [(response) => response.writeHead(200, HTML).end(LOGIN)],
    })
    expect(await ask(upstream.url + PATH)).toEqual({
      status: 200,
      text: WHOLE,
      redirected: false,
      url: upstream.url + PATH,
    })
  })
})
