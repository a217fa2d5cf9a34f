import { type Clock, pause } from '../core/clock.ts'
import { BREAK_MS } from './limits.ts'
import type { StreamReader } from './read-stream.ts'

/**
 * A body that reads a stream while it grows; it breaks if `pull` throws.
 *
 * @param pull enqueues what comes next; `isOpen` returns `false` once nobody reads the body any more
 */
export function createLiveBody(
  reader: StreamReader,
  clock: Clock,
  pull: (controller: ReadableStreamDefaultController<Uint8Array>, isOpen: () => boolean) => Promise<void>,
): ReadableStream<Uint8Array> {
  let isOpen = true
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          await pull(controller, () => isOpen)
        } catch (error) {
          reader.close()
          // A connection that breaks drops what its server has not sent yet.
          await pause(clock, BREAK_MS)
          if (isOpen) controller.error(error)
        }
      },
      cancel: () => {
        isOpen = false
        reader.close()
      },
    },
    { highWaterMark: 0 },
  )
}
