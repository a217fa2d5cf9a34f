import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { orAborted } from './or-aborted.ts'

test.each([
  ['resolved', () => Promise.resolve('done')],
  ['rejected', () => Promise.reject(new TypeError('fetch failed'))],
])('orAborted() leaves nothing on a signal that outlives the work, which %s', async (_name, task) => {
  const { signal } = new AbortController()
  const [settled] = await Promise.allSettled([orAborted(signal, task())])
  expect(settled).toEqual((await Promise.allSettled([task()]))[0])
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('orAborted() rejects with the reason of a signal that the work does not notice', async () => {
  const controller = new AbortController()
  const waiting = orAborted(controller.signal, new Promise(() => {}))
  controller.abort(new Error('Stop'))
  await expect(waiting).rejects.toThrow('Stop')
})
