import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { askAuth } from './ask-auth.ts'

const QUESTION = { origin: 'https://a.example', url: 'https://a.example/m', entryId: '1', conversation: 'c' }

/** A page that answers with that, or (`undefined`) is frozen and never does. */
function page(response: unknown) {
  const asked: unknown[] = []
  return {
    asked,
    postMessage: (message: unknown, [port]: Transferable[]) => {
      asked.push(message)
      if (response !== undefined) (port as MessagePort).postMessage(response)
    },
  }
}

async function ask(...pages: ReturnType<typeof page>[]) {
  const clock = createFakeClock()
  const startedAt = clock.now()
  let result: { headers: unknown; at: number } | undefined
  void askAuth(clock, pages, QUESTION).then((headers) => (result = { headers, at: clock.now() - startedAt }))
  for (let n = 0; n < 120 && !result; n++) {
    // Messages take turns of their own.
    for (let admission = 0; admission < 5; admission++) await new Promise((resolve) => setTimeout(resolve, 1))
    await clock.advance(100)
  }
  return result
}

test('S17 a frozen page in front does not keep the others from being asked', async () => {
  const result = await ask(page(undefined), page(undefined), page({ a: 'fresh' }))
  expect(result?.headers).toEqual({ a: 'fresh' })
  expect(result?.at).toBeLessThan(1_500)
})

test('S17 nor do many of them add up: nobody waits for longer than 10 s', async () => {
  const result = await ask(page(undefined), page(undefined), page(undefined))
  expect(result?.headers).toBeNull()
  expect(result?.at).toBeLessThan(11_000)
})

test('S17 a page that has none says so at once, and the others are asked', async () => {
  const result = await ask(page(null), page(null), page({ a: 'b' }))
  expect(result).toMatchObject({ headers: { a: 'b' } })
  expect(result?.at).toBeLessThan(500)
})

test('where the page in front answers, no other is asked', async () => {
  const other = page({ a: 'other' })
  expect((await ask(page({ a: 'first' }), other))?.headers).toEqual({ a: 'first' })
  expect(other.asked).toEqual([])
})

test.each([[{ a: 1 }], ['text'], [5]])(
  'what is no record of texts is as good as none: %j',
  async (response) => {
    expect((await ask(page(response)))?.headers).toBeNull()
  },
)

test('without a page there is nobody to ask', async () => {
  expect((await ask())?.headers).toBeNull()
})
