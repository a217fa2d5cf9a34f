import { describe, expect, test } from 'vitest'
import { memoryStore } from '../stores/memory-store.ts'
import { openSite } from '../testing/open-site.ts'

const PATH = '/api/streams/notes'
const TEXT = { 'content-type': 'text/plain' }

/** A stream that a client writes itself. */
async function openStream(maxBytes = 1_000) {
  const site = openSite({ ingest: true, maxBytes })
  const send = (method: string, body?: BodyInit, headers: HeadersInit = TEXT, path = PATH) =>
    site.get(path, { method, headers, ...(body === undefined ? {} : { body, duplex: 'half' }) })
  expect((await send('PUT')).status).toBe(201)
  return { site, send }
}

test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
  'a producer may be called %s',
  async (id) => {
    const { send } = await openStream()
    const as = (seq: number) => ({
      ...TEXT,
      'producer-id': id,
      'producer-epoch': '0',
      'producer-seq': String(seq),
    })
    const statuses = []
    for (const seq of [0, 0, 1, 3]) statuses.push((await send('POST', 'a', as(seq))).status)
    // Written, known already, written, a gap.
    expect(statuses).toEqual([200, 204, 200, 409])
    expect(await (await send('GET')).text()).toBe('aa')
  },
)

test.each(['PUT', 'POST'])(
  'a client that leaves in the middle of its %s is no fault of the server',
  async (method) => {
    const { site, send } = await openStream()
    const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) })
    expect((await send(method, body)).status).toBe(400)
    expect(site.errors).toEqual([])
  },
)

test('what is remembered of producers has a limit, too', async () => {
  const { site, send } = await openStream()
  const statuses = []
  for (let count = 0; count < 20; count++) {
    const id = `${count}`.padStart(8_000, 'x')
    const producer = { ...TEXT, 'producer-id': id, 'producer-epoch': '0', 'producer-seq': '0' }
    statuses.push((await send('POST', 'a', producer)).status)
  }
  expect(statuses[0]).toBe(200)
  expect(statuses.at(-1)).toBe(413)
  const [id = ''] = await site.store.list('ann')
  expect((await site.store.read(id, 0, 0))?.info.length).toBeLessThan(70_000)
})

test('a stream is kept for a hundred years at most, whatever it asks for', async () => {
  const kept = memoryStore()
  const asked: number[] = []
  const create: typeof kept.create = (stream) => {
    asked.push(stream.ttlMs)
    return kept.create(stream)
  }
  const site = openSite({ ingest: true, store: { ...kept, create } })
  const headers = { ...TEXT, 'stream-ttl': String(Number.MAX_SAFE_INTEGER) }
  expect((await site.get(PATH, { method: 'PUT', headers })).status).toBe(201)
  expect(asked).toEqual([100 * 365 * 86_400_000])
})

test('live=stream gives an open stream as it comes', async () => {
  const { site, send } = await openStream()
  await send('POST', 'one ')
  const reader = (await site.get(`${PATH}?live=stream`)).body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('one ')
  await send('POST', 'two', { ...TEXT, 'stream-closed': 'true' })
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('two')
  expect((await reader?.read())?.done).toBe(true)
})

test.each(['', '?live=stream', '?offset=0&live=sse', '?offset=0&live=long-poll'])(
  'a page of HTML cannot run as the app: %s',
  async (query) => {
    const { site, send } = await openStream()
    const path = '/api/streams/page'
    await send('PUT', '<script>alert(1)</script>', { 'content-type': 'text/html' }, path)
    const { headers, body } = await site.get(`${path}${query}`)
    expect(headers.get('content-security-policy')).toMatch(/^sandbox;/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    await body?.cancel()
  },
)

describe('a body that is too large', () => {
  test.each([
    ['PUT', '/api/streams/more'],
    ['POST', PATH],
  ])('is read no further than the limit: %s', async (method, path) => {
    const { send } = await openStream()
    let pulled = 0
    let isCancelled = false
    const endless = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulled += 100
          controller.enqueue(new Uint8Array(100))
        },
        cancel: () => void (isCancelled = true),
      },
      { highWaterMark: 0 },
    )
    expect((await send(method, endless, TEXT, path)).status).toBe(413)
    expect(pulled).toBeLessThan(1_400)
    expect(isCancelled).toBe(true)
  })

  test('a body whose length is declared as too large is not read at all', async () => {
    const { send } = await openStream()
    let isPulled = false
    const body = new ReadableStream<Uint8Array>(
      {
        pull: () => void (isPulled = true),
      },
      { highWaterMark: 0 },
    )
    const response = await send('POST', body, { ...TEXT, 'content-length': '1001' })
    expect([response.status, isPulled]).toEqual([413, false])
  })

  test('a body of exactly the limit is accepted', async () => {
    const { send } = await openStream()
    expect((await send('POST', 'x'.repeat(1_000))).status).toBe(204)
    expect((await send('POST', 'x')).status).toBe(413)
  })
})

describe('text by live=sse', () => {
  const TEXTS = ['\ufeffné 漢字 😀', '😀'.repeat(40_000)]

  /** Data events joined, and where each control event says that it stands. */
  function parse(events: string) {
    let text = ''
    const controls: { streamNextOffset: string; streamClosed?: boolean; upToDate?: boolean }[] = []
    for (const event of events.split('\n\n').filter(Boolean)) {
      const lines = event.split('\n')
      const data = lines
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5))
        .join('\n')
      if (lines[0] === 'event: data') text += data
      else controls.push(JSON.parse(data))
    }
    return { text, controls }
  }

  test.each(TEXTS)('is whole, however its bytes were written: %#', async (whole) => {
    const bytes = new TextEncoder().encode(whole)
    const step = Math.max(1, Math.ceil(bytes.length / 15) | 1)
    const { site, send } = await openStream(1_000_000)
    const read = send('GET', undefined, {}, `${PATH}?offset=0&live=sse`).then((response) => response.text())
    for (let at = 0; at < bytes.length; at += step) {
      await send('POST', bytes.slice(at, at + step))
      await site.clock.advance(1)
    }
    await send('POST', undefined, { 'stream-closed': 'true' })
    const { text, controls } = parse(await read)
    expect(text === whole).toBe(true)
    expect(controls.at(-1)).toMatchObject({ streamClosed: true })
    // A reader that reconnects at any of the offsets misses nothing.
    for (const { streamNextOffset } of controls) {
      const rest = await send('GET', undefined, {}, `${PATH}?offset=${streamNextOffset}&live=sse`)
      const before = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
        bytes.subarray(0, Number(streamNextOffset)),
      )
      expect(before + parse(await rest.text()).text === whole).toBe(true)
    }
  })

  test('a text by live=sse that ends within a character ends all the same', async () => {
    const { send } = await openStream()
    await send('POST', new Uint8Array([97, 0xe6, 0xbc]))
    await send('POST', undefined, { 'stream-closed': 'true' })
    const response = await send('GET', undefined, {}, `${PATH}?offset=0&live=sse`)
    expect(parse(await response.text())).toMatchObject({
      text: 'a\ufffd',
      controls: [{ streamClosed: true }],
    })
  })
})
