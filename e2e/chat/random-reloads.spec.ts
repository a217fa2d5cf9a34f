import { CHAT } from '../support/app.ts'
import { spoken } from '../support/spoken.ts'
import { expect, test } from '../support/test.ts'

/** `npm run test:endurance` asks for more. */
const RELOADS = Number(process.env.RELOADS ?? 5)

/** Five seconds: one without headers, four of text. */
const ANSWER = { headersAfterMs: 1_000, tokens: 80, tokensPerSecond: 20 }
const LONGEST_MS = 6_000

for (let n = 0; n < RELOADS; n++) {
  const pagesAfterMs = n % 2 === 0 ? 0 : 3_000

  test(`${n + 1}: a page that is reloaded reads on, from a server whose pages take ${pagesAfterMs} ms`, async ({
    app,
    server,
  }) => {
    // Each has its own part of the time, so that few of them meet all of it.
    const reloadMs = Math.round(((n + Math.random()) / RELOADS) * LONGEST_MS)
    test.info().annotations.push({ type: 'reload', description: `after ${reloadMs} ms` })
    await app.start({ chat: [CHAT] })
    const fast = await app.chat({ steps: [], answer: { tokens: ANSWER.tokens, tokensPerSecond: 0 } })
    await fast.ended()
    const whole = spoken((await fast.now()).chunks.map((chunk) => chunk.text).join(''))
    void server.slowPages(pagesAfterMs)
    const requestId = crypto.randomUUID()
    const chat = await app.chat({ steps: [], answer: ANSWER }, {}, { requestId })
    await app.page.evaluate((ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)), reloadMs)
    await app.reload()
    const again = await app.call(`/__streamkeeper/streams/${requestId}`, { method: 'GET' })
    expect((await again.ended()).state).toBe('whole')
    const [attempt, ...others] = await chat.log()
    expect(others).toEqual([])
    const text = (await again.now()).chunks.map((chunk) => chunk.text).join('')
    expect(new TextEncoder().encode(text).length).toBe(attempt?.sentBytes)
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(spoken(text)).toBe(whole)
    // All of one answer: each has an id of its own.
    expect(new Set(Array.from(text.matchAll(/"id":"([^"]+)"/g), ([, id]) => id)).size).toBe(1)
  })
}
