import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../testing/fake-clock.ts'
import { growsLinearly } from '../testing/growth.ts'
import { createResponseLog, type LogLimits, type ResponseHead, type ResponseLog } from './response-log.ts'

const MB = 1024 * 1024
const HEAD: ResponseHead = { status: 200, statusText: '', headers: [], hasBody: true, isEarly: false }

/** A log as the worker has it, its head written. */
function createLog(more: Partial<LogLimits> = {}): ResponseLog {
  const log = createResponseLog({ clock: createFakeClock(), leadBytes: 2 * MB, keptBytes: 16 * MB, ...more })
  log.begin(HEAD)
  return log
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function readerOf(response: Response | undefined): ReadableStreamDefaultReader<Uint8Array> {
  const reader = response?.body?.getReader()
  if (!reader) throw new Error('There is nothing to read')
  return reader
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

/** True if the writer may go on now. */
async function hasRoom(log: Pick<ResponseLog, 'room'>): Promise<boolean> {
  let has = false
  void Promise.resolve(log.room()).then(() => (has = true))
  await settled()
  return has
}

describe('a Response of a log', () => {
  test('has every byte from its offset on, whenever it comes and however the bytes were cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 5 }), { maxLength: 20 }),
        fc.nat(20),
        fc.nat(100),
        async (pieces, after, at) => {
          const log = createLog()
          const whole = bytes(pieces.join(''))
          pieces.slice(0, after).forEach((piece) => log.append(bytes(piece)))
          const from = Math.min(at, log.size())
          const reading = log.open(from)?.bytes()
          pieces.slice(after).forEach((piece) => log.append(bytes(piece)))
          log.end()
          expect(await reading).toEqual(whole.subarray(from))
        },
      ),
    )
  })

  test('has the very chunks that came', async () => {
    const log = createLog()
    const chunk = bytes('data: hello\n\n')
    log.append(chunk)
    expect((await readerOf(log.open(0)).read()).value).toBe(chunk)
  })

  test('breaks where the response broke, after its last byte, with the same error', async () => {
    const log = createLog()
    const error = new TypeError('lost')
    log.append(bytes('half'))
    log.end(error)
    const reader = readerOf(log.open(0))
    expect((await reader.read()).value).toEqual(bytes('half'))
    await expect(reader.read()).rejects.toBe(error)
    expect(log.readers()).toBe(0)
  })

  test('breaks so much later that its page has read what came before', async () => {
    const clock = createFakeClock()
    const log = createLog({ clock, unreadMs: 250 })
    log.append(bytes('half'))
    log.end(new TypeError('lost'))
    const reader = readerOf(log.open(0))
    await reader.read()
    let isBroken = false
    reader.read().catch(() => (isBroken = true))
    await clock.advance(249)
    expect(isBroken).toBe(false)
    await clock.advance(1)
    expect(isBroken).toBe(true)
  })

  test('is none before there is a head, and none of a log that ended without one', async () => {
    const log = createResponseLog({ clock: createFakeClock(), leadBytes: 0, keptBytes: 0 })
    expect(log.open(0)).toBeUndefined()
    log.end(new TypeError('No answer'))
    await log.begun
    expect(log.open(0)).toBeUndefined()
  })

  test('has the head that was written', async () => {
    const log = createResponseLog({ clock: createFakeClock(), leadBytes: 0, keptBytes: 0 })
    log.begin({ ...HEAD, status: 201, headers: [['x-a', 'b']], hasBody: false })
    await log.begun
    const response = log.open(0)
    expect([response?.status, response?.headers.get('x-a'), response?.body]).toEqual([201, 'b', null])
  })

  test('from an offset that is still to come waits for it', async () => {
    const log = createLog()
    log.append(bytes('four'))
    const reading = log.open(6)?.text()
    log.append(bytes('f'))
    log.append(bytes('ive'))
    log.end()
    expect(await reading).toBe('ve')
  })

  test('from an offset that never comes breaks, and is none after the end', async () => {
    const log = createLog()
    log.append(bytes('four'))
    const reading = expect(log.open(5)?.text()).rejects.toThrow('ended before that byte')
    log.end()
    await reading
    expect(log.open(5)).toBeUndefined()
    expect(log.open(4)).toBeDefined()
  })

  test('from an offset that is no longer there is none', () => {
    const log = createLog()
    log.append(bytes('four'))
    log.append(new Uint8Array(16 * MB))
    log.append(bytes('more'))
    expect(log.open(0)).toBeUndefined()
    expect(log.open(4)).toBeDefined()
  })

  test('a Response that falls behind what is kept breaks, and never skips', async () => {
    const log = createLog()
    log.append(bytes('four'))
    const slow = readerOf(log.open(0))
    log.append(new Uint8Array(16 * MB))
    log.append(bytes('more'))
    log.append(bytes('and more'))
    expect((await slow.read()).value).toEqual(bytes('four')) // They came with the Response.
    await expect(slow.read()).rejects.toThrow('too far behind')
  })

  test.each([
    ['a chunk', (log: ResponseLog) => log.append(bytes('late'))],
    ['the end', (log: ResponseLog) => log.end()],
    ['an error', (log: ResponseLog) => log.end(new TypeError('late'))],
  ])('that was cancelled ignores %s that comes late', async (_name, come) => {
    const log = createLog()
    const reader = readerOf(log.open(0))
    const reading = reader.read()
    await reader.cancel()
    come(log)
    expect(await reading).toEqual({ done: true, value: undefined })
  })

  test('is given up when it is cancelled, and delivered when it has been read to its clean end', async () => {
    const emitted: string[] = []
    const reading = { delivered: () => emitted.push('delivered'), givenUp: () => emitted.push('given up') }
    const log = createLog()
    await log.open(0, reading)?.body?.cancel()
    log.end()
    await log.open(0, reading)?.text()
    expect(emitted).toEqual(['given up', 'delivered'])
  })

  test('an early Response begins with a byte of ours, and says so', async () => {
    const log = createResponseLog({
      clock: createFakeClock(),
      leadBytes: 0,
      keptBytes: MB,
      hasHeartbeat: true,
    })
    log.begin({ ...HEAD, isEarly: true })
    log.append(bytes('late'))
    log.end()
    const response = log.open(0)
    expect(response?.headers.get('X-Streamkeeper-Heartbeat')).toBe('1')
    expect(await response?.text()).toBe('\nlate')
    expect(await log.open(1)?.text()).toBe('ate')
  })
})

describe('the writer of a log', () => {
  test('is paced by the fastest reader, not by one that stands still', async () => {
    const log = createLog()
    log.open(0)
    const fast = readerOf(log.open(0))
    log.append(new Uint8Array(2 * MB))
    expect(await hasRoom(log)).toBe(false)
    await fast.read()
    expect(await hasRoom(log)).toBe(true)
  })

  test('goes on without readers until the log is full, and when one comes', async () => {
    const log = createLog()
    log.append(new Uint8Array(16 * MB - 1))
    expect(await hasRoom(log)).toBe(true)
    log.append(new Uint8Array(1))
    expect(await hasRoom(log)).toBe(false)
    log.open(16 * MB)
    expect(await hasRoom(log)).toBe(true)
  })

  test('a writer that stops at a full log leaves all of it to a reader that comes then', async () => {
    const log = createLog()
    log.append(new Uint8Array(16 * MB - 1))
    log.append(new Uint8Array(64 * 1024))
    expect(await hasRoom(log)).toBe(false)
    expect(log.open(0)).toBeDefined()
  })

  test('goes on when the only reader leaves', async () => {
    const log = createLog()
    const only = readerOf(log.open(0))
    log.append(new Uint8Array(2 * MB))
    const wait = hasRoom(log)
    await only.cancel()
    expect(await wait).toBe(true)
  })

  test('waits no longer once the response has ended', async () => {
    const log = createLog()
    log.open(0)
    log.append(new Uint8Array(2 * MB))
    const wait = hasRoom(log)
    log.end()
    expect(await wait).toBe(true)
  })

  test('may write only while a reader waits, where nothing is to be read ahead', async () => {
    const log = createLog({ leadBytes: 0, keptBytes: 0 })
    expect(await hasRoom(log)).toBe(false)
    const reader = readerOf(log.open(0))
    expect(await hasRoom(log)).toBe(false)
    const reading = reader.read()
    expect(await hasRoom(log)).toBe(true)
    log.append(bytes('one'))
    await reading
    expect(await hasRoom(log)).toBe(false)
  })

  test('adds nothing after the end', async () => {
    const log = createLog()
    log.append(bytes('all'))
    log.end()
    log.append(bytes('more'))
    log.end(new TypeError('late'))
    expect(await log.open(0)?.text()).toBe('all')
  })

  test('has so much in memory at most, and the newest chunk, readers or not', () => {
    const log = createLog()
    for (let n = 0; n < 100; n++) log.append(new Uint8Array(MB))
    expect(log.kept()).toBeLessThanOrEqual(17 * MB)
    expect(log.size()).toBe(100 * MB)
  })

  test('moves each chunk a bounded number of times, however full the log is', () => {
    const write = (chunks: string) => {
      const log = createLog({ keptBytes: chunks.length / 4 })
      const chunk = new Uint8Array(1)
      for (let n = 0; n < chunks.length; n++) log.append(chunk)
    }
    expect(growsLinearly(write, 'x'.repeat(200_000))).toBe(true)
  })
})
