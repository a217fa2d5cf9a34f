import { expect, test } from 'vitest'
import { createKeeper, register } from './index.ts'

// Node has neither a page nor workers: a server, as far as we are concerned.

test('on a server a keeper does nothing, and says so', async () => {
  const keeper = createKeeper('/streamkeeper-sw.js', { chat: ['/v1/*'] })
  expect(keeper.getServerSnapshot()).toMatchObject({ state: 'starting', requests: [] })
  expect(await keeper.ready).toBe(keeper)
  expect(keeper.state).toBe('unsupported')
  expect(keeper.headers('mine')).toEqual({})
  keeper.cancel('any')
  await expect(keeper.outbox.list()).rejects.toThrow('No worker')
  await keeper.setPrincipal('user')
  await keeper.clear()
  await keeper.outbox.clear()
  expect(await keeper.unregister()).toEqual({ left: 0 })
})

test('the same arguments give the same keeper, others another', async () => {
  const one = await register('/streamkeeper-sw.js', { chat: ['/a'] })
  expect(await register('/streamkeeper-sw.js', { chat: ['/a'] })).toBe(one)
  expect(await register('/streamkeeper-sw.js', { chat: ['/b'] })).not.toBe(one)
})

test('its methods are bound', () => {
  const { on, subscribe, getSnapshot, headers, cancel } = createKeeper('/other-sw.js')
  const seen: string[] = []
  on('*', () => {})()
  subscribe(({ state }) => seen.push(state))()
  cancel('any')
  expect([seen, getSnapshot().state, headers()]).toEqual([['unsupported'], 'unsupported', {}])
})

test.each([undefined, '', 7, {}, false])(
  'S13 setPrincipal(%j) is a TypeError: it would be nobody’s',
  async (id) => {
    const keeper = createKeeper('/other-sw.js')
    await expect(keeper.setPrincipal(id as string)).rejects.toThrow(TypeError)
    await expect(keeper.setPrincipal(id as string)).rejects.toThrow(
      'takes a string that is not empty, or null',
    )
  },
)
