import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { call } from './channel.ts'

const MINUTE = 60_000

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** A worker that answers when it is told to. */
function createWorker() {
  const ports: MessagePort[] = []
  const worker = {
    postMessage: (_message: unknown, [port]: MessagePort[]) => port && ports.push(port),
  } as unknown as ServiceWorker
  return { worker, reply: () => ports.forEach((port) => port.postMessage({ ok: true })) }
}

test('a call that has no reply in time is refused', async () => {
  const { worker } = createWorker()
  const refused = expect(call(worker, 'outbox.list', null)).rejects.toThrow('no reply in time')
  await vi.advanceTimersByTimeAsync(10_000)
  await refused
})

test('a flush that is not over in its time is left to a worker that lives', async () => {
  const { worker } = createWorker()
  let looks = 0
  const flushing = call(worker, 'outbox.flush', null, 4 * MINUTE, async () => looks++)
  await vi.advanceTimersByTimeAsync(4 * MINUTE - 1)
  expect(looks).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(await flushing).toBeUndefined()
})

test('a flush whose worker does not answer any more is refused', async () => {
  const { worker } = createWorker()
  const isDead = () => Promise.reject(new Error('No reply'))
  const refused = expect(call(worker, 'outbox.flush', null, 4 * MINUTE, isDead)).rejects.toThrow('No reply')
  await vi.advanceTimersByTimeAsync(4 * MINUTE)
  await refused
})

test('a flush that is over in its time asks for nothing else', async () => {
  const { worker, reply } = createWorker()
  let looks = 0
  const flushing = call(worker, 'outbox.flush', null, 4 * MINUTE, async () => looks++)
  reply()
  expect(await flushing).toBeUndefined()
  await vi.advanceTimersByTimeAsync(5 * MINUTE)
  expect(looks).toBe(0)
})
