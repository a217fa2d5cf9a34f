import { expect, test } from 'vitest'
import { createResilientFetch } from '../core/fetch/create-resilient-fetch.ts'
import { DONE, FINISH, ROLE, say } from '../core/testing/openai-events.ts'
import { openSite } from './testing/open-site.ts'

const WHOLE = ROLE + Array.from({ length: 12 }, (_, n) => say(`word ${n} é😀`)).join('') + FINISH + DONE

/** The same body, but its connection breaks after so many bytes. */
function breakAt(response: Response, at: number): Response {
  const reader = response.body?.getReader()
  let left = at
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { value } = (await reader?.read()) ?? {}
        const part = value?.subarray(0, left) ?? new Uint8Array()
        left -= part.length
        if (part.length > 0) controller.enqueue(part)
        if (left > 0) return
        void reader?.cancel()
        controller.error(new TypeError('terminated'))
      },
      cancel: () => reader?.cancel(),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, response)
}

test('a resilient fetch reads on what this server keeps, wherever its connection breaks', async () => {
  // After its finish a response needs nothing more.
  const { length } = new TextEncoder().encode(WHOLE.slice(0, -DONE.length))
  const cuts = Array.from({ length }, (_, at) => at).filter((at) => at % 17 === 1)
  for (const cut of cuts) {
    const site = openSite()
    const asked: string[] = []
    const fetch = createResilientFetch({
      retry: { jitterMs: 0 },
      fetch: async (input) => {
        const request = input as Request
        asked.push(`${request.method} ${new URL(request.url).pathname}`)
        if (request.method === 'GET') return site.get(request.url)
        const started = site.start()
        const upstream = await site.upstream.request(0)
        upstream.answer()
        upstream.push(WHOLE)
        upstream.end()
        return breakAt(await started, cut)
      },
    })
    const response = await fetch('https://app.example/api/chat', { method: 'POST', body: '{"stream":true}' })
    const id = response.headers.get('content-location')
    expect(await response.text(), `cut at ${cut}`).toBe(WHOLE)
    expect(asked, `cut at ${cut}`).toEqual(['POST /api/chat', `GET ${id}`])
    expect(site.upstream.requests).toHaveLength(1)
  }
})
