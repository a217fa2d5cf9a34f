import { createSplice } from '../../core/chat/place.ts'
import { createInspection } from '../../core/providers/inspection/inspection.ts'
import { median } from '../statistics.ts'
import { inTurn } from '../turns.ts'
import { longStreams, type Stream } from './streams.ts'

/** The time to read a response up to its verdict, ms: one figure a round. */
export interface ReadingTimes {
  title: string
  bytes: number
  events: number
  /** In chunks of 64 kB. */
  large: number[]
  /** One event a chunk. */
  small: number[]
}

/** An event of OpenAI's chat, 20 000 times, is 3.5 MB. */
const EVENTS = 20_000

const LARGE = 64 * 1024

/** Each round has so many readings of each kind; its figure is their median. */
const READINGS = 9

/** Readings before the first round: code runs slower at first. */
const WARM_UP = 3

/**
 * Measures the inspection by itself, in this process: a long response of each protocol up to its verdict, in large
 * chunks and in small ones. The chunks are made before.
 */
export function measureReading(rounds: number, quick: boolean): ReadingTimes[] {
  const lanes = longStreams(EVENTS).map((stream) => {
    const { title, events } = stream
    const large = inPieces(Buffer.from(events.join('')), LARGE)
    const small = events.map((event) => new TextEncoder().encode(event))
    const bytes = small.reduce((sum, { length }) => sum + length, 0)
    const times: ReadingTimes = { title, bytes, events: EVENTS, large: [], small: [] }
    return { stream, large, small, times }
  })
  const count = quick ? 3 : READINGS
  for (const { stream, large, small } of lanes) {
    for (let time = 0; time < WARM_UP; time++) for (const chunks of [large, small]) read(stream, chunks)
  }
  for (let round = 0; round < rounds; round++) {
    for (const { stream, large, small, times } of inTurn(lanes, round)) {
      const measure = (chunks: Uint8Array[]) =>
        median(Array.from({ length: count }, () => read(stream, chunks)))
      times.large.push(measure(large))
      times.small.push(measure(small))
    }
  }
  return lanes.map(({ times }) => times)
}

/** Reads it as a chat's request does, without the clocks; returns what that took, ms. */
function read(
  { title, path, headers, choices = 1, isBackground = false, verdict }: Stream,
  chunks: readonly Uint8Array[],
): number {
  const response = new Response(null, { headers })
  const startedAt = performance.now()
  const inspection = createInspection(response.headers, { path, choices })
  const splice = createSplice(response, { url: `https://api.example${path}`, isBackground })
  let isOutput = false
  for (const chunk of chunks) {
    for (const bytes of splice ? (splice.take(chunk) ?? []) : [chunk]) inspection.feed(bytes)
    isOutput ||= inspection.stage() === 'output'
  }
  const found = inspection.conclude(true)
  const ms = performance.now() - startedAt
  if (found !== verdict || !isOutput)
    throw new Error(`Reading is measured wrongly: ${title} is ${found}, expected ${verdict}`)
  return ms
}

/** Each piece has a buffer of its own, as chunks of a body have. */
function inPieces(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, index) => new Uint8Array(bytes.subarray(index * size, (index + 1) * size)),
  )
}
