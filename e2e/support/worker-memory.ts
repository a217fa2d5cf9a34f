import { type BrowserContext } from '@playwright/test'

/** The memory of the worker's script: heap and buffers, without garbage. Bytes. */
export async function workerMemory(context: BrowserContext): Promise<number> {
  const session = await context.browser()?.newBrowserCDPSession()
  if (!session) throw new Error('Cannot measure: not a browser of our own')
  const { targetInfos } = await session.send('Target.getTargets')
  const target = targetInfos.find(({ type }) => type === 'service_worker')
  if (!target) throw new Error('Cannot measure: no worker is running')
  const { targetId } = target
  // Playwright has no session of a worker's own: its messages travel in the browser's.
  const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false })
  const ask = (id: number, method: string) => {
    const answered = new Promise<unknown>((resolve) => {
      session.on('Target.receivedMessageFromTarget', ({ message }) => {
        const answer = JSON.parse(message) as { id?: number; result?: unknown }
        if (answer.id === id) resolve(answer.result)
      })
    })
    return Promise.all([
      answered,
      session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) }),
    ])
  }
  await ask(1, 'HeapProfiler.collectGarbage')
  const [usage] = await ask(2, 'Runtime.getHeapUsage')
  await session.detach()
  const { usedSize, backingStorageSize } = usage as { usedSize: number; backingStorageSize: number }
  return usedSize + backingStorageSize
}
