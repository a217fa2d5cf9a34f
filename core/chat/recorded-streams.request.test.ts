import { expect, test } from 'vitest'
import { createLimits } from '../retry/limits.ts'
import { failuresOf, hasCorpus, readCorpus, readCorpusBytes, skipReason } from '../testing/corpus.ts'
import { GENERATED_STREAMS } from '../testing/generated/generated-streams.ts'
import { bytesOf, type Shape } from '../testing/generated/stream.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { PLAIN_BODY } from '../testing/run-request.ts'
import { streams, type TimedBytes } from '../testing/scripted-upstream.ts'
import { type RecordedStream, requestOf } from '../testing/recorded-streams.ts'
import { parseChatRequest } from './parse-request.ts'
import { toResponse } from './reply.ts'
import { createResponseLog } from './response-log.ts'
import { startRequest } from './run-request.ts'
import { inspect } from '../testing/inspect.ts'

type Asked = Pick<Shape, 'path' | 'contentType' | 'headers'>

/** A page's text from a stream in these pieces, and how its request ended. */
async function relayed({ path, contentType, headers = {} }: Asked, pieces: Uint8Array[]) {
  const clock = createFakeClock()
  const random = () => 0
  const url = `https://api.example${path}`
  const ends: string[] = []
  const upstream = streams(
    pieces.map((bytes): TimedBytes => [0, bytes]),
    { headers: { 'content-type': contentType, ...headers } },
  )
  const log = createResponseLog({ clock, leadBytes: 0, keptBytes: 0 })
  const runningRequest = startRequest(
    {
      ...parseChatRequest(
        { url, headers: new Headers() },
        JSON.stringify(PLAIN_BODY),
        { settings: { url }, groups: {} },
        {},
      ),
      requestId: 'r1',
      credential: '',
      signal: new AbortController().signal,
      send: (signal) => upstream(clock, signal),
    },
    {
      clock,
      random,
      writer: log,
      limits: createLimits({ clock, random }),
      emit: ({ status }) => status.startsWith('request_f') && ends.push(status),
    },
  )
  const read: Uint8Array[] = []
  let broke = false
  let status: number | undefined
  const reading = runningRequest.replied.then(async (reply) => {
    const response = toResponse(reply, log)
    if (response.type !== 'error') ({ status } = response)
    try {
      for await (const chunk of response.body ?? []) read.push(chunk)
    } catch {
      broke = true
    }
  })
  await clock.advance(400_000)
  await reading
  return { bytes: Buffer.concat(read), broke, ends, status }
}

/** Cuts at places that look like chance and are the same every time. */
function cut(bytes: Uint8Array, count: number): Uint8Array[] {
  const places = Array.from(
    { length: count },
    (_, n) => (Math.imul(n + 1, 2_654_435_761) >>> 0) % (bytes.length + 1),
  )
  const borders = [0, ...places.sort((a, b) => a - b), bytes.length]
  return borders
    .slice(1)
    .map((end, index) => bytes.subarray(borders[index], end))
    .filter(({ length }) => length > 0)
}

/** Holds the page to what the upstream sent, however it was cut into chunks. */
async function expectRelayed(asked: Asked, bytes: Uint8Array): Promise<void> {
  const { path, contentType, headers = {} } = asked
  const { verdict, seen: expected } = inspect(bytes, contentType, path, [], { headers })
  const isWhole = verdict === 'complete' || verdict === 'empty'
  for (const pieces of [[bytes], cut(bytes, 1), cut(bytes, 7), cut(bytes, 40)]) {
    const { bytes: seen, broke, ends, status } = await relayed(asked, pieces)
    expect(ends).toEqual([isWhole ? 'request_finished' : 'request_failed'])
    if (verdict === 'truncated' && expected.outputs === 0) {
      expect(status).toBe(502) // It ended before it had said anything, twice.
      continue
    }
    expect(status).toBe(200)
    expect(Buffer.compare(seen.subarray(0, bytes.length), bytes)).toBe(0)
    if (isWhole) expect([seen.length, broke]).toEqual([bytes.length, false])
    // Cut, or with an error after its first output: never a clean end. Before that, its own words are the response.
    else if (expected.outputs > 0) expect(broke).toBe(true)
    else expect(seen.length).toBe(bytes.length)
  }
}

test.each(GENERATED_STREAMS)('$name reaches the page byte by byte, however it is cut', (stream) =>
  expectRelayed(stream, bytesOf(stream)),
)

test.skipIf(!hasCorpus)(
  `every recorded stream reaches the page byte by byte, however it is cut${skipReason}`,
  { timeout: 120_000 },
  async () => {
    const recorded = readCorpus<RecordedStream[]>('streams/index.json', [])
    expect(recorded).toHaveLength(199)
    const failures = await failuresOf(
      recorded,
      ({ file }) => file,
      (each) => expectRelayed(requestOf(each), readCorpusBytes(`streams/${each.file}`)),
    )
    expect(failures).toEqual([])
  },
)
