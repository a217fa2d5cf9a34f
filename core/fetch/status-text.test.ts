import { describe, expect, test } from 'vitest'
import { countConnections } from '../testing/count-connections.ts'
import { WHOLE } from '../testing/openai-events.ts'
import { createResilientFetch } from './create-resilient-fetch.ts'

// Servers write their reason phrases in any language, though HTTP knows only Latin-1.

/** An upstream with a status line of its own, in UTF-8. */
const serve = (statusLine: string, type: string, body: string) =>
  countConnections((_request, { socket }) => {
    const length = Buffer.byteLength(body)
    socket?.end(
      `HTTP/1.1 ${statusLine}\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
    )
  })

describe.each(['成功', 'Réussi', 'Falsch €', ''])('a response with the reason phrase “%s”', (reason) => {
  test('passes with its status and body, as the plain fetch gives them', async () => {
    await using upstream = await serve(`200 ${reason}`, 'text/event-stream', WHOLE)
    const init = { method: 'POST', body: '{"stream":true}' }
    const [plain, resilient] = [
      await fetch(upstream.url, init),
      await createResilientFetch()(upstream.url, init),
    ]
    expect([resilient.status, await resilient.text()]).toEqual([plain.status, await plain.text()])
  })

  test('keeps its refusal', async () => {
    await using upstream = await serve(`400 ${reason}`, 'application/json', '{"error":{"message":"No"}}')
    const response = await createResilientFetch()(upstream.url, { method: 'POST', body: '{"stream":true}' })
    expect([response.status, await response.json()]).toEqual([400, { error: { message: 'No' } }])
  })
})
