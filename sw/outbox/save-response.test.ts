import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import type { SaveRouteOptions } from '../../core/options/options.ts'
import { actualResponse, saveResponse, type Waiters } from './save-response.ts'

const seen = async (respond: SaveRouteOptions['respond']) => {
  const response = saveResponse('id-7', respond)
  const { status, headers } = response
  return [status, await response.text(), headers.get('content-type')]
}

test.each<[SaveRouteOptions['respond'], unknown[]]>([
  [undefined, [202, '{"id":"id-7","status":"queued"}', 'application/json']],
  ['queued', [202, '{"id":"id-7","status":"queued"}', 'application/json']],
  [{ status: 201, body: { ok: true } }, [201, '{"ok":true}', 'application/json']],
  [{ status: 200, body: null }, [200, 'null', 'application/json']],
  [{ status: 200, body: undefined }, [200, '', null]],
  [{ status: 204, body: { ok: true } }, [204, '', null]],
  [{ status: 205, body: { ok: true } }, [205, '', null]],
])('saveResponse() for `respond` %j', async (respond, expected) => {
  expect(await seen(respond)).toEqual(expected)
})

test('saveResponse() names the message, and is stored by no cache', () => {
  const { headers } = saveResponse('id-7', undefined)
  expect([headers.get('x-streamkeeper-id'), headers.get('cache-control')]).toEqual(['id-7', 'no-store'])
})

test('actualResponse() has the response that comes in time, or none, and is then waited for no more', async () => {
  const clock = createFakeClock()
  const waiters: Waiters = new Map()
  const inTime = actualResponse(clock, waiters, 'a', 1_000)
  const late = actualResponse(clock, waiters, 'b', 1_000)
  const response = new Response()
  await clock.advance(999)
  waiters.get('a')?.(response)
  expect(await inTime).toBe(response)
  expect([...waiters.keys()]).toEqual(['b'])
  await clock.advance(1)
  expect(await late).toBeUndefined()
  expect(waiters.size).toBe(0)
})
