import { afterAll, expect, test } from 'vitest'
import { startServer } from './start-server.ts'

const server = await startServer({ tokensPerSecond: () => 0 })
afterAll(server.close)

async function ask(fault: Record<string, unknown>) {
  const body = JSON.stringify({
    model: 'demo-small',
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
    fault,
  })
  return fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body })
}

async function readAll(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk)
  } catch {
    // It was cut: what has come counts.
  }
  return Buffer.concat(chunks)
}

test('a kept response is cut, and given again from any byte of it', async () => {
  const cut = await ask({
    steps: [
      { kind: 'answer', kept: true, text: 'Grüße an alle', tokens: 30, cut: { afterTokens: 9, by: 'end' } },
    ],
  })
  const place = cut.headers.get('content-location') ?? ''
  expect(cut.headers.get('stream-next-offset')).toBe('0'.repeat(16))
  const half = await readAll(cut)
  const from = (offset: number) => fetch(`${server.url}${place}?offset=${offset}&live=stream`)
  const whole = await readAll(await from(0))
  expect(whole.subarray(0, half.length).equals(half)).toBe(true)
  expect(whole.toString()).toContain('[DONE]')
  for (const offset of [1, half.length - 3, half.length, whole.length]) {
    const rest = await from(offset)
    expect(rest.headers.get('stream-next-offset')).toBe(String(offset).padStart(16, '0'))
    expect((await readAll(rest)).equals(whole.subarray(offset))).toBe(true)
  }
})

test('a response that is not kept says nothing of a place, and there is none', async () => {
  const response = await ask({ steps: [] })
  expect(response.headers.has('content-location')).toBe(false)
  await response.text()
  expect((await fetch(`${server.url}/v1/kept/none`)).status).toBe(404)
})
