import { expect, test } from 'vitest'
import { openChunks } from './chunks.ts'

test('a chunk whose wait was given up is the next one, also if it has come in the meantime', async () => {
  let push = (_text: string) => {}
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      push = (text) => controller.enqueue(new TextEncoder().encode(text))
    },
  })
  const chunks = openChunks(body)
  const read = chunks.next()
  chunks.putBack(read)
  push('one')
  await read
  push('two')
  const both = [(await chunks.next()).value, (await chunks.next()).value]
  expect(both.map((bytes) => new TextDecoder().decode(bytes))).toEqual(['one', 'two'])
})
