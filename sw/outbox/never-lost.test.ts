import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Reply, rest, runOutbox } from '../testing/run-outbox.ts'

type Step =
  | { do: 'save'; session: string }
  | { do: 'server'; reply: Reply }
  | { do: 'pass'; ms: number }
  | { do: 'restart' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('a', 'b', 'c').map((session) => ({ do: 'save' as const, session })),
  },
  fc
    .constantFrom<Reply[]>(201, 201, 'down', 500, 503, 429, 'silent')
    .map((reply) => ({ do: 'server' as const, reply })),
  fc.integer({ min: 1, max: 40_000 }).map((ms) => ({ do: 'pass' as const, ms })),
  fc.constant({ do: 'restart' as const }),
)

test('whatever happens, each message arrives, in the order of its conversation, under one key', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      let run = runOutbox()
      const saved: Record<string, string[]> = {}
      /** What the server took, each key once. */
      const rows = new Map<string, string>()
      let reply: Reply = 201
      run.server(({ url, body, headers }) => {
        const { text } = JSON.parse(body) as { text: string }
        const key = headers['idempotency-key'] ?? ''
        if (reply === 201 && !rows.has(key)) rows.set(key, `${new URL(url).pathname.split('/')[3]}:${text}`)
        return reply
      })
      for (const [index, each] of steps.entries()) {
        if (each.do === 'server') ({ reply } = each)
        if (each.do === 'pass') await run.pass(each.ms)
        if (each.do === 'restart') run = run.restart()
        if (each.do === 'save') {
          const text = String(index)
          expect((await run.save(each.session, text)).status).toBe(202)
          saved[each.session] = [...(saved[each.session] ?? []), `${each.session}:${text}`]
        }
      }
      reply = 201
      for (let tries = 0; (await run.list()).length > 0 && tries < 50; tries++) {
        await run.pass(31_000)
        await run.outbox.drain('flush')
        await rest()
      }
      for (const [session, texts] of Object.entries(saved)) {
        const arrived = [...rows.values()].filter((row) => row.startsWith(`${session}:`))
        expect(arrived).toEqual(texts)
      }
      expect(run.storage.stored.size).toBe(0)
    }),
    { numRuns: 25 },
  )
})
