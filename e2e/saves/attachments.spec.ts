import type { App } from '../support/app.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { expect, test } from '../support/test.ts'

/** The page's own view of its request. */
interface Sent {
  status: number
  bytes: number
  digest: string
  type: string
}

type Kind = 'blob' | 'form' | 'parameters' | 'bytes' | 'text' | 'stream'

/** Sends a body of that kind and size to the provider, and says what was in it. */
function attach(app: App, url: string, kind: Kind, size = 1_000): Promise<Sent> {
  return app.evaluate(
    async ({ url, kind, size }) => {
      const bytes = new Uint8Array(size)
      // Every byte there is, in no simple order; getRandomValues() gives 64 KB at most.
      for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
      const file = new File([bytes], 'päper “1”.bin', { type: 'application/x-paper' })
      const form = new FormData()
      form.append('note', 'with a\nline break, ä and 🙂')
      form.append('file', file)
      const stream = () =>
        new ReadableStream({
          start: (controller) => {
            for (let at = 0; at < size; at += 100) controller.enqueue(bytes.slice(at, at + 100))
            controller.close()
          },
        })
      const bodies = {
        blob: () => file,
        form: () => form,
        parameters: () => new URLSearchParams({ a: '1 + 1', ä: '&' }),
        bytes: () => bytes,
        text: () => 'plain text, ä and 🙂',
        stream,
      }
      const init = { method: 'POST', body: bodies[kind](), ...(kind === 'stream' ? { duplex: 'half' } : {}) }
      const request = new Request(url, init)
      const { status } = await fetch(request.clone())
      const type = request.headers.get('content-type') ?? ''
      const sent = await request.arrayBuffer()
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', sent))
      const digest = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
      return { status, bytes: sent.byteLength, digest, type }
    },
    { url, kind, size },
  )
}

/** The next try of a saved message, answered with that status. */
async function answer(provider: ScriptedProvider, status: number) {
  const asked = await provider.asked()
  const received = await asked.body
  asked.begin({ 'Content-Type': 'application/json' }, status)
  asked.say('{}')
  await asked.end('end')
  return { ...received, type: asked.headers['content-type'] ?? '' }
}

for (const kind of ['blob', 'form', 'parameters', 'bytes', 'text', 'stream'] as const) {
  test(`a body made of ${kind} arrives byte for byte, at every try`, async ({ app, provider }) => {
    await app.start({ saves: [`${provider.url}/files`] })
    const tries = [answer(provider, 503), answer(provider, 201)]
    const { status, ...sent } = await attach(app, `${provider.url}/files`, kind)
    expect(status).toBe(202)
    for (const received of await Promise.all(tries)) expect(received).toEqual(sent)
    await expect.poll(app.outbox).toEqual([])
  })
}

test('a form with a file arrives with all its parts, as without the worker, at every try', async ({
  app,
  provider,
}) => {
  await app.start({ saves: [`${provider.url}/files`] })
  const sendTo = (url: string) =>
    app.evaluate(async (url) => {
      const form = new FormData()
      form.append('note', 'ä and 🙂')
      form.append('file', new File(['x'.repeat(200_000)], 'päper “1”.bin', { type: 'application/x-paper' }))
      form.append('blob', new Blob(['y'.repeat(1_000)]))
      return (await fetch(url, { method: 'POST', body: form })).status
    }, url)
  const plain = answer(provider, 200)
  expect(await sendTo(`${provider.url}/not-saved`)).toBe(200)
  const unsaved = await plain
  const tries = [answer(provider, 503), answer(provider, 201)]
  expect(await sendTo(`${provider.url}/files`)).toBe(202)
  const [first, second] = await Promise.all(tries)
  expect(second).toEqual(first)
  expect(first?.type).toMatch(/^multipart\/form-data; boundary=/)
  // Each form has another boundary, in Firefox of another length: three parts and the end have one each.
  const withoutBoundaries = (received: typeof first) =>
    (received?.bytes ?? 0) - 4 * (received?.type.split('boundary=')[1]?.length ?? 0)
  expect(withoutBoundaries(first)).toBe(withoutBoundaries(unsaved))
})

test('30 MB arrive byte for byte, over a death of the worker', async ({ app, provider, killWorker }) => {
  await app.start({ saves: [`${provider.url}/files`] })
  const { status, ...sent } = await attach(app, `${provider.url}/files`, 'blob', 30 * 1024 * 1024)
  expect(status).toBe(202)
  const first = await provider.asked()
  expect(await first.body).toEqual({ bytes: sent.bytes, digest: sent.digest })
  await killWorker()
  await app.reload()
  expect(await answer(provider, 201)).toEqual(sent)
  await expect.poll(app.outbox).toEqual([])
})

test('a body that breaks while it is read is the page’s own failure: nothing is stored or told', async ({
  app,
  provider,
}) => {
  await app.start({ saves: [`${provider.url}/files`] })
  const error = await app.evaluate(async (url) => {
    const body = new ReadableStream({
      pull: (controller) => controller.error(new Error('The disk was taken out')),
    })
    return fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit).catch(String)
  }, `${provider.url}/files`)
  expect(error).toContain('TypeError')
  expect(await app.outbox()).toEqual([])
  expect(await app.statuses('save_queued')).toEqual([])
  expect(provider.requests()).toBe(0)
})
