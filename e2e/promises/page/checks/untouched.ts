import { spoken } from '../../../support/spoken.ts'
import { call, digestOf } from '../call.ts'
import { broken, CHAT, type Check, count, finding, isWhole, skipped, tell } from '../check.ts'
import { OWN_PIECES, upstream } from '../upstream.ts'
import { sleep, within } from '../wait.ts'

const TEXT = 'Grüße, 世界 👋🏽: the quick brown fox jumps over the lazy dog.'

/** Behaviour that must be the same as without a worker. */
export const UNTOUCHED: readonly Check[] = [
  {
    id: 'whole',
    promise: 'A stream comes through byte for byte, while it is being sent.',
    how: 'A response of 1.2 s, sent in pieces of 7 bytes; the page’s digest of it is compared with the server’s.',
    run: async ({ open, chat }) => {
      const page = await open()
      const name = crypto.randomUUID()
      const { call } = chat(
        page,
        { steps: [], answer: { text: TEXT, tokens: 120, tokensPerSecond: 100, chunking: 7 } },
        { path: `/v1/chat/completions?digest=${name}` },
      )
      const seen = await within(call.ended, 10_000)
      if (!isWhole(seen)) return broken(tell(seen))
      const digest = await upstream.digest(name)
      const tookMs = (seen.lastAt ?? 0) - (seen.firstAt ?? 0)
      return finding(
        seen.digest === digest && tookMs > 600 && spoken(seen.text).startsWith(TEXT),
        `${new TextEncoder().encode(seen.text).length} bytes, ${digest === seen.digest ? 'the same' : 'not the same'}, read over ${tookMs} ms`,
      )
    },
  },
  {
    id: 'own-protocol',
    promise: 'A stream of an unknown protocol comes through live, once and unchanged.',
    how: 'Plain text of the app’s own, without any mark of its end, in 5 pieces over 0.75 s.',
    run: async ({ open }) => {
      const page = await open()
      const id = crypto.randomUUID()
      const call = page.post(`/own/stream?id=${id}`, { id })
      const seen = await within(call.ended, 5_000)
      if (!isWhole(seen)) return broken(tell(seen))
      const times = (await upstream.log(id)).length
      const tookMs = (seen.lastAt ?? 0) - (seen.firstAt ?? 0)
      const isSame = seen.text === OWN_PIECES.join('')
      return finding(
        isSame && times === 1 && tookMs > 300,
        `${isSame ? 'unchanged' : 'changed'}, over ${tookMs} ms, by ${count(times, 'request')}`,
      )
    },
  },
  {
    id: 'other-requests',
    promise: 'A request that is neither a chat nor a save reaches the server as the app sent it.',
    how: 'A POST of 100 kB with a header of its own; the server says what it got, with and without the worker.',
    run: async ({ open }) => {
      const page = await open()
      const body = crypto.getRandomValues(new Uint8Array(50_000))
      const bytes = new Uint8Array([...body, ...body])
      const init = { method: 'POST', headers: { 'X-Of-The-App': 'yes' }, body: bytes }
      const [through, direct] = await Promise.all(
        [page.window.fetch, window.fetch].map(async (fetch, index) => {
          const response = await fetch.call(index === 0 ? page.window : window, '/echo', init)
          return (await response.json()) as Echo
        }),
      )
      const differing = Object.keys({ ...direct?.headers, ...through?.headers }).filter(
        (name) => direct?.headers[name] !== through?.headers[name],
      )
      const isSame = through?.digest === (await digestOf([bytes])) && through.method === direct?.method
      return finding(
        isSame && differing.length === 0,
        isSame && differing.length === 0
          ? `the same body and ${Object.keys(through.headers).length} headers`
          : `${isSame ? '' : 'another body; '}other headers: ${differing.join(', ')}`,
      )
    },
  },
  {
    id: 'refused',
    promise: 'A refusal that a retry cannot fix is reported immediately, after a single request.',
    how: 'A 401, as for a wrong API key.',
    run: async ({ open, chat }) => {
      const page = await open()
      const { call, log } = chat(page, { steps: [{ kind: 'status', status: 401 }], repeat: true })
      const seen = await within(call.ended, 3_000)
      const times = (await log()).length
      return finding(seen?.status === 401 && times === 1, `${tell(seen)}, after ${count(times, 'request')}`)
    },
  },
  {
    id: 'long-limit',
    promise: 'A rate limit that is longer than the budget is reported immediately, with its time.',
    how: 'A 429 with `Retry-After: 90`.',
    run: async ({ open, chat }) => {
      const page = await open()
      const { call, log } = chat(page, {
        steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 90_000 } }],
        repeat: true,
      })
      const seen = await within(call.ended, 3_000)
      const hint = seen?.headers?.get('Retry-After')
      const times = (await log()).length
      return finding(
        seen?.status === 429 && Number(hint) > 80 && times === 1,
        `${tell(seen)}, \`Retry-After: ${hint}\`, after ${count(times, 'request')}`,
      )
    },
  },
  {
    id: 'connections',
    promise: 'A worker costs no connections: successive chats reuse the existing ones.',
    how: 'Twenty chats one after the other, first without any worker; the server counts the connections.',
    run: async ({ open }) => {
      const page = await open()
      const without = await connectionsOf(window)
      const used = await connectionsOf(page.window)
      return finding(used <= without + 1, `${count(used, 'connection')}, ${without} without a worker`)
    },
  },
  {
    id: 'credentials',
    promise: 'Credentials never go to another origin, whatever a response’s headers say.',
    how: 'A response to a chat with `Authorization` breaks off; its `Content-Location` names another origin as the location of the rest.',
    run: async ({ open, chat }) => {
      const id = crypto.randomUUID()
      const { port } = await upstream.elsewhere(id)
      const other = `${location.protocol}//${location.hostname}:${port}/${id}`
      const canReach = await fetch(`${other}/hello`).catch(() => undefined)
      if (!canReach) return skipped('no second origin can be reached from here')
      const page = await open()
      const headers = { 'Content-Location': `${other}/rest`, 'Stream-Next-Offset': '0' }
      const { call } = chat(
        page,
        { steps: [{ kind: 'answer', headers, tokens: 40, cut: { afterTokens: 8, by: 'reset' } }] },
        { headers: { Authorization: 'Bearer secret' } },
      )
      await within(call.ended, 5_000)
      await sleep(1_000)
      const { seen } = await upstream.elsewhere(id)
      const leaks = seen.filter(({ hasCredentials }) => hasCredentials).length
      // The first one was ours.
      return finding(leaks === 0, `${count(seen.length - 1, 'request')} there, ${leaks} with credentials`)
    },
  },
]

/** How many connections twenty chats use that one window sends, one after the other. */
async function connectionsOf(app: Window & typeof globalThis): Promise<number> {
  const ids = Array.from({ length: 20 }, () => crypto.randomUUID())
  const messages = [{ role: 'user', content: 'Hello' }]
  for (const id of ids) {
    const fault = { id, steps: [], answer: { text: 'Yes.', tokensPerSecond: 0 } }
    const body = JSON.stringify({ model: 'demo-connections', stream: true, messages, fault })
    await call(app, CHAT, { method: 'POST', body }).ended
  }
  const logs = await Promise.all(ids.map((id) => upstream.log(id)))
  return new Set(logs.flat().map(({ socket }) => socket)).size
}

interface Echo {
  method: string
  headers: Record<string, string>
  digest: string
}
