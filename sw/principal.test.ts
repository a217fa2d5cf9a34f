import { beforeEach, expect, test } from 'vitest'
import { createQuietClock } from './testing/quiet-clock.ts'
import { createFakeDatabase, type FakeDatabase } from './testing/fake-database.ts'
import { keepPrincipal } from './principal.ts'

const SCOPE = 'https://app.example/'

let database: FakeDatabase

beforeEach(() => {
  database = createFakeDatabase()
})

async function boot(initial: string | null = null) {
  const principal = keepPrincipal(SCOPE, createQuietClock(), initial)
  await principal.known()
  return principal
}

test('who is signed in is known to the next worker', async () => {
  const first = await boot()
  expect(first.current()).toBeNull()
  await first.set('ann')
  expect(first.current()).toBe('ann')
  expect((await boot()).current()).toBe('ann')
})

test('the option says it for the first time only', async () => {
  const first = await boot('ann')
  expect(first.current()).toBe('ann')
  await first.set(null)
  expect((await boot('ann')).current()).toBeNull()
})

test('what is set before the storage has answered stands', async () => {
  await (await boot()).set('ann')
  const principal = keepPrincipal(SCOPE, createQuietClock(), null)
  await principal.set('bob')
  await principal.known()
  expect(principal.current()).toBe('bob')
})

test('without storage nobody is known, and nothing fails', async () => {
  database.fault = () => new Error('refused')
  const principal = await boot()
  await principal.set('ann')
  expect(principal.current()).toBe('ann')
  expect((await boot()).current()).toBeNull()
})

test('another worker that is still at work hears of it', async () => {
  const [old, fresh] = [await boot(), await boot()]
  await fresh.set('ann')
  await expect.poll(old.current).toBe('ann')
})
