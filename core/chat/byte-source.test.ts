import { describe, expect, test } from 'vitest'
import { type ByteSource, relay } from './byte-source.ts'

function counting(
  chunks: (Uint8Array | Error)[],
): ByteSource & { reads: () => number; cancels: () => number } {
  let reads = 0
  let cancels = 0
  return {
    read: () => {
      const chunk = chunks[reads++]
      return chunk instanceof Error ? Promise.reject(chunk) : Promise.resolve(chunk ?? null)
    },
    cancel: () => cancels++,
    reads: () => reads,
    cancels: () => cancels,
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('relay()', () => {
  test('reads nothing before it is asked, and nothing ahead', async () => {
    const source = counting([new Uint8Array([1]), new Uint8Array([2])])
    const reader = relay(source).getReader()
    await settled()
    expect(source.reads()).toBe(0)
    await reader.read()
    await settled()
    expect(source.reads()).toBe(1)
  })

  test('reads nothing ahead inside a Response either', async () => {
    const source = counting([new Uint8Array([1]), new Uint8Array([2])])
    const response = new Response(relay(source))
    await settled()
    expect(source.reads()).toBe(0)
    await response.body?.getReader().read()
    await settled()
    expect(source.reads()).toBe(1)
  })

  test('hands on the very same chunks, then closes', async () => {
    const chunks = [new Uint8Array([1, 2]), new Uint8Array([3])]
    const reader = relay(counting(chunks)).getReader()
    expect((await reader.read()).value).toBe(chunks[0])
    expect((await reader.read()).value).toBe(chunks[1])
    expect(await reader.read()).toEqual({ done: true, value: undefined })
  })

  test('breaks as its source breaks, with the same error', async () => {
    const error = new TypeError('The connection was lost')
    const reader = relay(counting([new Uint8Array([1]), error])).getReader()
    await reader.read()
    await expect(reader.read()).rejects.toBe(error)
  })

  test('passes a cancel on', async () => {
    const source = counting([new Uint8Array([1])])
    await relay(source).cancel()
    expect(source.cancels()).toBe(1)
    expect(source.reads()).toBe(0)
  })

  test.each([
    ['a chunk', () => new Uint8Array([1])],
    ['the end', () => null],
    ['an error', () => new Error('late')],
  ])('that was cancelled ignores %s that comes late', async (_name, make) => {
    let arrive = () => {}
    const stream = relay({
      read: () =>
        new Promise((resolve, reject) => {
          arrive = () => {
            const late = make()
            if (late instanceof Error) reject(late)
            else resolve(late)
          }
        }),
      cancel: () => {},
    })
    const reader = stream.getReader()
    const reading = reader.read()
    await settled()
    await reader.cancel()
    arrive()
    await settled()
    expect(await reading).toEqual({ done: true, value: undefined })
  })
})
