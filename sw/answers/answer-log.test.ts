import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AnswerLog, createAnswerLog, type LogReader } from './answer-log.ts'

const MB = 1024 * 1024

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function read(reader: LogReader | undefined): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) => reader?.next(resolve, reject))
}

async function readAll(reader: LogReader | undefined): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for (let chunk = await read(reader); chunk; chunk = await read(reader)) {
    text += decoder.decode(chunk, { stream: true })
  }
  return text
}

/** Whether the writer may go on now. */
async function hasRoom(log: Pick<AnswerLog, 'room'>): Promise<boolean> {
  let has = false
  void Promise.resolve(log.room()).then(() => (has = true))
  await new Promise((resolve) => setImmediate(resolve))
  return has
}

describe('a reader of an answer log', () => {
  test('gets every byte from its offset on, whenever it comes and however the bytes were cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 5 }), { maxLength: 20 }),
        fc.nat(20),
        fc.nat(100),
        async (pieces, after, at) => {
          const log = createAnswerLog()
          const whole = bytes(pieces.join(''))
          pieces.slice(0, after).forEach((piece) => log.append(bytes(piece)))
          const from = Math.min(at, log.size())
          const reading = readAll(log.open(from))
          pieces.slice(after).forEach((piece) => log.append(bytes(piece)))
          log.end()
          expect(await reading).toBe(new TextDecoder().decode(whole.subarray(from)))
        },
      ),
    )
  })

  test('gets the very chunks that came', async () => {
    const log = createAnswerLog()
    const chunk = bytes('data: hello\n\n')
    log.append(chunk)
    expect(await read(log.open(0))).toBe(chunk)
  })

  test('breaks where the answer broke, after its last byte', async () => {
    const log = createAnswerLog()
    log.append(bytes('half'))
    log.end(new TypeError('lost'))
    const reader = log.open(0)
    expect(await read(reader)).toEqual(bytes('half'))
    await expect(read(reader)).rejects.toThrow('lost')
    expect(log.readers()).toBe(0)
  })

  test('from an offset that is not there yet, or no longer, is none', () => {
    const log = createAnswerLog()
    log.append(bytes('four'))
    expect(log.open(5)).toBeUndefined()
    log.append(new Uint8Array(16 * MB))
    expect(log.open(0)).toBeUndefined()
    expect(log.open(4)).toBeDefined()
  })

  test('that falls behind what is kept breaks, and never skips', async () => {
    const log = createAnswerLog()
    log.append(bytes('four'))
    const slow = log.open(0)
    log.append(new Uint8Array(16 * MB))
    await expect(read(slow)).rejects.toThrow('too far behind')
  })
})

describe('the writer of an answer log', () => {
  test('is paced by the fastest reader, not by one that stands still', async () => {
    const log = createAnswerLog()
    log.open(0)
    const fast = log.open(0)
    log.append(new Uint8Array(2 * MB))
    expect(await hasRoom(log)).toBe(false)
    await read(fast)
    expect(await hasRoom(log)).toBe(true)
  })

  test('goes on without readers until the log is full, and when one comes', async () => {
    const log = createAnswerLog()
    log.append(new Uint8Array(16 * MB - 1))
    expect(await hasRoom(log)).toBe(true)
    log.append(new Uint8Array(1))
    expect(await hasRoom(log)).toBe(false)
    log.open(16 * MB)
    expect(await hasRoom(log)).toBe(true)
  })

  test('goes on when the only reader leaves', async () => {
    const log = createAnswerLog()
    const only = log.open(0)
    log.append(new Uint8Array(2 * MB))
    const wait = hasRoom(log)
    only?.cancel()
    expect(await wait).toBe(true)
  })

  test('has so much in memory at most, readers or not', () => {
    const log = createAnswerLog()
    for (let n = 0; n < 100; n++) log.append(new Uint8Array(MB))
    expect(log.kept()).toBeLessThanOrEqual(16 * MB)
    expect(log.size()).toBe(100 * MB)
  })
})
