import { expect, test } from 'vitest'
import { createSealKey, seal, unseal } from './seal.ts'

const secrets = {
  search: '?token=ünïcode&b=🔑',
  headers: [['authorization', 'Bearer s3cret']] as [string, string][],
}

test('unseal() gives back what seal() was given', async () => {
  const key = await createSealKey()
  expect(await unseal(key, await seal(key, secrets))).toEqual(secrets)
})

test('seal() leaves nothing to read, and never seals the same twice alike', async () => {
  const key = await createSealKey()
  const [one, two] = [await seal(key, secrets), await seal(key, secrets)]
  expect(one).not.toBe(two)
  expect(atob(one)).not.toMatch(/s3cret|authorization|token/)
})

test('seal() takes headers of any length', async () => {
  const key = await createSealKey()
  const long = { search: '', headers: [['x-long', 'a'.repeat(200_000)]] as [string, string][] }
  expect(await unseal(key, await seal(key, long))).toEqual(long)
})

test('unseal() refuses a foreign key, and what was tampered with', async () => {
  const key = await createSealKey()
  const sealed = await seal(key, secrets)
  await expect(unseal(await createSealKey(), sealed)).rejects.toThrow()
  const last = sealed.at(-3) === 'A' ? 'B' : 'A'
  await expect(unseal(key, sealed.slice(0, -3) + last + sealed.slice(-2))).rejects.toThrow()
})

test('createSealKey() makes a key that no script can read', async () => {
  const key = await createSealKey()
  expect(key.extractable).toBe(false)
  await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow()
})
