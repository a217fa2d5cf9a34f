import { createServer } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { StreamInfo } from '../core/messages/message.ts'
import { withServer } from './server-streams.ts'

// A server of the page's origin, over HTTP; a `location` is all that this needs of a page.

const PATH = '/api/streams'
const OWN: StreamInfo = {
  requestId: 'own',
  url: 'https://app.example/api/chat',
  state: 'ended',
  bytes: 10,
  deliveredWhole: false,
  verdict: 'complete',
  at: 1,
  location: `${PATH}/id1`,
}
const LISTED = { id: 'id1', url: `${PATH}/id1`, state: 'streaming', bytes: 20, at: 2 }

/** A server with these responses, and the requests it has had. */
let reply: { status: number; headers?: Record<string, string>; body: string }
let asked: string[]

const server = createServer((request, response) => {
  asked.push(request.url ?? '')
  response.writeHead(reply.status, reply.headers).end(reply.body)
})

beforeEach(async () => {
  asked = []
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  Object.assign(globalThis, { location: { origin: `http://127.0.0.1:${port}` } })
})

afterEach(async () => {
  Reflect.deleteProperty(globalThis, 'location')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function listing(...streams: object[]): void {
  reply = { status: 200, body: JSON.stringify({ streams }) }
}

const noWorker = () => Promise.reject(new Error('No worker'))
const list = (...own: StreamInfo[]) =>
  withServer(PATH, { streams: () => Promise.resolve(own), attach: noWorker }).streams()
const { streams: listAlone, attach } = withServer(PATH, { streams: noWorker, attach: noWorker })

test('streams() gives the worker’s first, then the server’s others, oldest first', async () => {
  listing({ ...LISTED, id: 'new', at: 9 }, LISTED, { ...LISTED, id: 'old', at: 0, conversation: 'c' })
  const streams = await list(OWN)
  expect(streams.map(({ requestId }) => requestId)).toEqual(['own', 'old', 'new'])
  expect(streams[1]).toEqual({
    requestId: 'old',
    url: `${location.origin}${PATH}/old`,
    conversation: 'c',
    state: 'streaming',
    bytes: 20,
    deliveredWhole: false,
    at: 0,
    location: `${PATH}/old`,
    from: 'server',
  })
})

test('streams() knows a response without headers by its key', async () => {
  listing({ ...LISTED, key: 'own' })
  const { location: _, ...waiting } = OWN
  expect(await list({ ...waiting, state: 'waiting' })).toHaveLength(1)
})

test.each([
  ['goes on there', { state: 'streaming' }, 'server'],
  ['is whole there', { state: 'ended', verdict: 'complete' }, 'server'],
  ['was stopped', { state: 'ended', verdict: 'stopped' }, 'server'],
  ['broke off there, too', { state: 'ended', verdict: 'producer_lost' }, undefined],
])('streams() gives an answer that broke off here and %s once', async (_, there, from) => {
  listing({ ...LISTED, ...there })
  const streams = await list({ ...OWN, verdict: 'network_error' })
  expect(streams).toHaveLength(1)
  expect(streams[0]?.from).toBe(from)
})

test.each([
  [404, '{}'],
  [200, '<!doctype html>'],
  [200, '{"streams":7}'],
  [401, '{"error":{}}'],
])('streams() gives the worker’s alone where the server says %i %s', async (status, body) => {
  reply = { status, body }
  expect(await list(OWN)).toEqual([OWN])
})

test('streams() gives the server’s alone where no worker answers, and rejects where nobody does', async () => {
  listing(LISTED)
  expect(await listAlone()).toMatchObject([{ requestId: 'id1', from: 'server' }])
  reply = { status: 500, body: '' }
  await expect(listAlone()).rejects.toThrow('No worker')
})

test('streams() leaves out ids that are none', async () => {
  listing({ ...LISTED, id: '../../logout' }, { ...LISTED, id: null }, { ...LISTED, id: '' })
  expect(await list()).toEqual([])
})

test('attach() asks for the bytes from one on', async () => {
  reply = { status: 200, headers: { 'stream-next-offset': '0000000000000007' }, body: 'rest' }
  expect(await (await attach('id1', { from: 7 })).text()).toBe('rest')
  expect(asked).toEqual([`${PATH}/id1?offset=0000000000000007&live=stream`])
})

test.each([
  [404, {}],
  [200, {}],
  [302, { location: 'https://elsewhere.example/', 'stream-next-offset': '0' }],
])('attach() rejects a %i %j', async (status, headers) => {
  reply = { status, headers, body: '<!doctype html>' }
  await expect(attach('id1')).rejects.toThrow()
})

test('attach() asks nothing for what is no id', async () => {
  await expect(attach('../../logout')).rejects.toThrow('Cannot attach: no such response')
  expect(asked).toEqual([])
})
