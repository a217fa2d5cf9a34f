import { expect } from 'vitest'
import { readBody } from '../open-site.ts'
import { type Provider, startApp, wholeResponse } from './processes.ts'

const USER = { user: 'ann' }

/**
 * One answer whose server is killed in its middle, and what becomes of it: read by another process from the byte where the
 * first reader was, and asked for again with the same key.
 *
 * @param store where both processes keep it
 */
export async function killOnce(
  name: string,
  {
    store,
    provider,
    words,
    speed,
    killAfter,
  }: {
    store: string
    provider: Provider
    words: number
    speed: number
    /** So many words are read before. */
    killAfter: number
  },
): Promise<{ noticedMs: number; lostBytes: number }> {
  const whole = wholeResponse(name, words)
  const app = await startApp(store, provider.url, speed)
  const post = { method: 'POST', headers: { ...USER, 'idempotency-key': name } }
  const response = await fetch(`${app.url}/chat?conversation=${name}`, post)
  const where = response.headers.get('content-location') ?? ''
  const reader = response.body?.getReader()
  let seen = ''
  const decoder = new TextDecoder()
  while (seen.split('\n\n').length <= killAfter + 1) {
    const chunk = await reader?.read()
    if (!chunk?.value) break
    seen += decoder.decode(chunk.value, { stream: true })
  }
  expect(where).not.toBe('')
  const rest = (async () => {
    for (;;) {
      const chunk = await reader?.read()
      if (!chunk?.value) return 'clean'
      seen += decoder.decode(chunk.value, { stream: true })
    }
  })().catch(() => 'broken')
  await app.kill()
  expect(await rest).toBe('broken')
  expect(whole.startsWith(seen)).toBe(true)

  const next = await startApp(store, provider.url, speed)
  try {
    const since = performance.now()
    const [again, retried, onward] = await Promise.all([
      fetch(`${next.url}${where}?live=stream`, { headers: USER }).then(readBody),
      fetch(`${next.url}/chat?conversation=${name}`, post).then(readBody),
      fetch(`${next.url}${where}?offset=${seen.length}&live=stream`, { headers: USER }).then(readBody),
    ])
    const noticedMs = performance.now() - since
    // Never a clean end, never a byte that the provider has not said, never a second run.
    expect([again.isBroken, retried.isBroken, onward.isBroken]).toEqual([true, true, true])
    const notice = again.text.slice(again.text.lastIndexOf('data:'))
    expect(notice).toContain('producer_lost')
    const kept = again.text.slice(0, again.text.lastIndexOf('data:')).replace(/\n\n\n\n$/, '\n\n')
    expect(whole.startsWith(kept.trimEnd())).toBe(true)
    expect(retried.text).toBe(again.text)
    expect(provider.requests(name)).toBe(1)
    return { noticedMs, lostBytes: Math.max(0, seen.length - kept.length) }
  } finally {
    await next.kill()
  }
}
