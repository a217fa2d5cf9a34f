import { describe, expect, test } from 'vitest'
import type { Chat, Session } from './chats.ts'
import { planChats } from './chats.ts'
import { meet } from './meet.ts'
import { MIX } from './mix.ts'
import { outageAt, planOutages } from './outages.ts'
import { createProvider, LAST_WORD } from './provider.ts'
import { createChat, SESSION } from './play.ts'
import { TROUBLES, troubleOf } from './troubles.ts'
import { createVirtualClock } from './virtual-clock.ts'

const SEED = 7

describe('the plan', () => {
  const chats = planChats(SEED)
  const outages = planOutages(SEED)

  test('is the same for the same seed, and another for another', () => {
    expect(planChats(SEED, 100)).toEqual(planChats(SEED, 100))
    expect(planChats(SEED + 1, 100)).not.toEqual(planChats(SEED, 100))
    expect(planOutages(SEED)).toEqual(outages)
  })

  test('has as many chats as it should, in their order', () => {
    expect(chats).toHaveLength(MIX.chats)
    expect(chats.every(({ at }, index) => at >= (chats[index - 1]?.at ?? 0))).toBe(true)
  })

  test('has each kind of trouble about as often as the mix says', () => {
    const counts = new Map<string, number>(TROUBLES.map((trouble) => [trouble, 0]))
    for (const chat of chats) {
      const trouble = troubleOf(SEED, outages, chat)
      counts.set(trouble, (counts.get(trouble) ?? 0) + 1)
    }
    const share = (part: string) =>
      [...counts].reduce((sum, [name, count]) => sum + (name.includes(part) ? count : 0), 0) / chats.length
    expect(share('reasoning')).toBeCloseTo(MIX.reasoning.share, 1)
    expect(share('queued')).toBeCloseTo(MIX.plain.slow * (1 - MIX.reasoning.share), 2)
    // The sources' figure for both together: 2 to 5 % of calls.
    const rateLimited = share('429')
    expect(rateLimited).toBeGreaterThan(0.01)
    expect(rateLimited).toBeLessThan(0.03)
    const other = 1 - share('nothing wrong') - share('queued') - share('reasoning') - rateLimited
    expect(other).toBeGreaterThan(0.012)
    expect(other).toBeLessThan(0.026)
  })

  test('half of the plain models answer within the median', () => {
    const outputs = chats.flatMap((chat) => {
      const meeting = meet(SEED, [], chat, 1, chat.at)
      const isUsual = meeting.kind === 'accepted' && !chat.reasoning && !meeting.isSlow
      return isUsual ? [meeting.outputMs] : []
    })
    const early = outputs.filter((ms) => ms < MIX.plain.firstOutput.medianMs)
    expect(early.length / outputs.length).toBeCloseTo(0.5, 1)
  })

  test('an outage is there from its beginning to its end', () => {
    const [first] = outages
    if (!first) throw new Error('No outages')
    expect(outageAt(outages, first.from)).toBe(first)
    expect(outageAt([first], first.from - 1)).toBeUndefined()
    expect(outageAt([first], first.until)).toBeUndefined()
  })
})

/** Sends one request at once. */
async function send(given: Partial<Session>, from: Partial<Chat> = {}, outages = [] as never[]) {
  const clock = createVirtualClock()
  const chat = createChat({ ...from, session: { ...SESSION, ...given } })
  const provider = createProvider({ seed: SEED, clock, outages })
  const beganAt = clock.now()
  let response: Response | undefined
  let text = ''
  let respondedAt: number | undefined
  const failed = { error: undefined as unknown }
  const run = async () => {
    try {
      response = await provider.fetchFor(chat)('https://api.example/')
      respondedAt = clock.now() - beganAt
      text = await response.text()
    } catch (error) {
      failed.error = error
    }
  }
  void run()
  await clock.run()
  return { response, text, respondedAt, error: failed.error, attempts: provider.attempts }
}

describe('the provider', () => {
  const limits = [{ from: 0, until: 10_000 }]

  test('refuses with 429 while a limit lasts, and says in the header how long that is', async () => {
    const { response, respondedAt = 0 } = await send({ limits, hint: 'header' })
    expect(response?.status).toBe(429)
    const until = respondedAt + 1_000 * Number(response?.headers.get('retry-after'))
    expect(until).toBeGreaterThanOrEqual(10_000)
    expect(until).toBeLessThan(11_000)
  })

  test('refuses with 429 and the time in its body', async () => {
    const { response, text } = await send({ limits, hint: 'body' })
    expect(response?.headers.get('retry-after')).toBeNull()
    expect(text).toMatch(/Please try again in 9\.\d{3}s/)
  })

  test('refuses with 429 and no time at all', async () => {
    const { response, text } = await send({ limits, hint: 'none' })
    expect(response?.headers.get('retry-after')).toBeNull()
    expect(text).not.toMatch(/again/)
  })

  test('takes a request when the limit is over', async () => {
    const { response } = await send({ limits: [{ from: -1_000, until: 0 }] })
    expect(response?.status).toBe(200)
  })

  test('says that a quota is spent', async () => {
    const { response, text } = await send({ quotaSpent: true })
    expect([response?.status, text]).toEqual([429, expect.stringContaining('insufficient_quota')])
  })

  test('is not reached without a network', async () => {
    const { error, attempts } = await send({ offline: limits })
    expect(error).toBeInstanceOf(TypeError)
    expect(attempts).toMatchObject([{ isWhole: false, meeting: { why: 'offline' } }])
  })

  test('answers whole, and knows that it did', async () => {
    const { text, attempts } = await send({})
    expect(text).toContain(LAST_WORD)
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(attempts).toMatchObject([{ isWhole: true }])
  })

  test('shows thoughts where they are visible', async () => {
    const reasoning = { thinkingMs: 20_000, visible: true, lateHeaders: false }
    expect((await send({}, { reasoning })).text).toContain('reasoning_content')
    expect((await send({}, { reasoning: { ...reasoning, visible: false } })).text).not.toContain('reasoning')
  })

  test('knows when a request was given up', async () => {
    const clock = createVirtualClock()
    const { fetchFor, attempts } = createProvider({ seed: SEED, clock, outages: [] })
    const stop = new AbortController()
    const asking = fetchFor(createChat())('https://api.example/', { signal: stop.signal })
    clock.timer(1, () => stop.abort())
    await Promise.all([clock.run(), expect(asking).rejects.toThrow('aborted')])
    expect(attempts).toMatchObject([{ isWhole: false, endedAt: clock.now() }])
    expect(attempts[0]?.acceptedAt).toBeUndefined()
  })
})
