import { connect } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { startServer } from './start-server.ts'
import type { Chunking } from './step.ts'
import { fault } from './testing/chat.ts'

const server = await startServer({ tokensPerSecond: () => 0 })
afterAll(server.close)

/** The pieces of a response as they are on the wire: HTTP's own chunks. */
async function piecesOf(chunking: Chunking): Promise<Buffer[]> {
  const body = JSON.stringify({
    model: 'demo-small',
    stream: true,
    messages: [{ role: 'user', content: 'Hello' }],
    fault: fault([{ kind: 'answer', text: 'Grüße, 世界 👋', chunking }]),
  })
  const socket = connect(server.port, '127.0.0.1')
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  const received: Buffer[] = []
  for await (const bytes of socket as AsyncIterable<Buffer>) received.push(bytes)
  let rest = Buffer.concat(received)
  rest = rest.subarray(rest.indexOf('\r\n\r\n') + 4)
  const pieces: Buffer[] = []
  for (;;) {
    const start = rest.indexOf('\r\n') + 2
    const length = Number.parseInt(rest.subarray(0, start).toString(), 16)
    if (length === 0) return pieces
    pieces.push(rest.subarray(start, start + length))
    rest = rest.subarray(start + length + 2)
  }
}

/** Answers differ in their id and their time only, and these have a fixed length. */
function same(pieces: Buffer[]): string {
  return Buffer.concat(pieces)
    .toString()
    .replace(/chatcmpl-\w{24}|"created":\d{10}/g, '')
}

test('every chunking sends the same bytes, each in pieces of its own size', async () => {
  const events = await piecesOf('event')
  const lines = await piecesOf('line')
  const bytes = await piecesOf('byte')
  const sevens = await piecesOf(7)
  const whole = await piecesOf('whole')
  for (const pieces of [lines, bytes, sevens, whole]) expect(same(pieces)).toBe(same(events))
  expect(events.every((piece) => piece.toString().endsWith('\n\n'))).toBe(true)
  expect(lines).toHaveLength(events.length * 2)
  expect(bytes.every(({ length }) => length === 1)).toBe(true)
  expect(sevens.slice(0, -1).every(({ length }) => length === 7)).toBe(true)
  expect(whole).toHaveLength(1)
})
