import { expect, test, vi } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'

test('what is still to be told counts as work, for a version that takes over stops this one', async () => {
  const posted: string[] = []
  const page = {
    id: 'page',
    url: 'https://app.test/',
    postMessage: ({ status }: { status: { status: string } }) => posted.push(status.status),
  }
  vi.stubGlobal('self', { clients: { matchAll: async () => [page] } })
  const { createStatusEmitter } = await import('./status-emitter.ts')
  const clock = createFakeClock()
  const tracked: string[][] = []
  const track = (posting: Promise<void>) => void posting.then(() => tracked.push([...posted]))
  const counts = async () => ({ queued: 0, needsAuth: 0, dead: 0 })
  const { emit } = createStatusEmitter('https://app.test/', clock, counts, track, false)

  emit({ status: 'outbox_restored', message: '1' }, '')
  emit({ status: 'storage_degraded', message: '2' }, '')
  expect(tracked).toEqual([])
  await clock.advance(1_000)
  expect(tracked).toEqual([['outbox_restored', 'storage_degraded']])
  vi.unstubAllGlobals()
})
