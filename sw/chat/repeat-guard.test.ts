import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { createRepeatGuard, type Posted } from './repeat-guard.ts'

const POSTED: Posted = {
  clientId: 'tab',
  digest: '123',
  credential: 'abc',
}

/** A repeat guard after failures at these instants, ms after the start. */
async function after(failures: readonly number[]) {
  const clock = createFakeClock()
  const startedAt = clock.now()
  const repeatGuard = createRepeatGuard(clock)
  for (const at of failures) {
    await clock.advance(startedAt + at - clock.now())
    repeatGuard.failed(POSTED)
  }
  return { clock, startedAt, repeatGuard }
}

test('two failures are nobody’s business', async () => {
  const { repeatGuard } = await after([0, 1])
  expect(repeatGuard.heldUntil(POSTED)).toBeUndefined()
})

test('after three failures in a minute the same request waits until the first of them is a minute old', async () => {
  const { clock, startedAt, repeatGuard } = await after([0, 10_000, 20_000])
  expect(repeatGuard.heldUntil(POSTED)).toBe(startedAt + 60_000)
  await clock.advance(39_999)
  expect(repeatGuard.heldUntil(POSTED)).toBe(startedAt + 60_000)
  await clock.advance(1)
  expect(repeatGuard.heldUntil(POSTED)).toBeUndefined()
})

test('one more failure holds it back again: only the last three count', async () => {
  const { clock, startedAt, repeatGuard } = await after([0, 10_000, 20_000])
  await clock.advance(40_000)
  repeatGuard.failed(POSTED)
  expect(repeatGuard.heldUntil(POSTED)).toBe(startedAt + 70_000)
})

test('three failures in more than a minute hold nothing back', async () => {
  const { repeatGuard } = await after([0, 30_000, 60_001])
  expect(repeatGuard.heldUntil(POSTED)).toBeUndefined()
})

test.each<[string, Partial<Posted>]>([
  ['tab', { clientId: 'another' }],
  ['method, URL or body', { digest: '456' }],
  ['credential', { credential: 'def' }],
])('another %s is another request', async (_name, change) => {
  const { repeatGuard } = await after([0, 0, 0])
  expect(repeatGuard.heldUntil({ ...POSTED, ...change })).toBeUndefined()
  expect(repeatGuard.heldUntil({ ...POSTED })).toBeDefined()
})

test('what comes again within 10 s of its last failure is its client’s own retry', async () => {
  const { clock, repeatGuard } = await after([0, 4_000])
  expect(repeatGuard.isRetried({ ...POSTED, digest: '456' })).toBe(false)
  await clock.advance(9_999)
  expect(repeatGuard.isRetried(POSTED)).toBe(true)
  await clock.advance(1)
  expect(repeatGuard.isRetried(POSTED)).toBe(false)
})

test.each([-3_600_000, 3_600_000])(
  'C5 a wall clock that jumps by %d ms holds nothing back for longer',
  async (byMs) => {
    const { clock, repeatGuard } = await after([0, 10_000, 20_000])
    clock.jump(byMs)
    expect(repeatGuard.heldUntil(POSTED)).toBe(clock.now() + 40_000)
    expect(repeatGuard.isRetried(POSTED)).toBe(true)
    await clock.advance(40_000)
    expect(repeatGuard.heldUntil(POSTED)).toBeUndefined()
    expect(repeatGuard.isRetried(POSTED)).toBe(false)
  },
)
