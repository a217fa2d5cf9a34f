/** The length of one event, bytes. */
const EVENT = 8 * 1024

/** Events of one piece. */
const PIECE = 8

const END = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`

/** An OpenAI chat stream of so many bytes and its end, in pieces of 64 kB. All of it is ASCII: a letter is a byte. */
export function* longAnswer(bytes: number): Generator<string> {
  const events = Math.floor(bytes / EVENT)
  for (let from = 0; from < events; from += PIECE) {
    const length = Math.min(PIECE, events - from)
    yield Array.from({ length }, (_, index) => eventOf(from + index)).join('')
  }
  yield END
}

/** Each begins with its number: a gap or a repetition cannot go unseen. */
function eventOf(number: number): string {
  const head = `data: {"choices":[{"index":0,"delta":{"content":"${number} `
  const tail = '"}}]}\n\n'
  return head.padEnd(EVENT - tail.length, 'words and ') + tail
}
