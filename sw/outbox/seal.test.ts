import { expect, test } from 'vitest'
import { createCryptoKey, sealKeyOf } from './seal.ts'

const secrets = {
  search: '?token=ünïcode&b=🔑',
  headers: [['authorization', 'Bearer s3cret']] as [string, string][],
}

test('unseal() gives back what seal() was given', async () => {
  const key = sealKeyOf(await createCryptoKey())
  expect(await key.unseal(await key.seal(secrets))).toEqual(secrets)
})

test('seal() leaves nothing to read, and never seals the same twice alike', async () => {
  const key = sealKeyOf(await createCryptoKey())
  const [one, two] = [await key.seal(secrets), await key.seal(secrets)]
  expect(one).not.toBe(two)
  expect(atob(one)).not.toMatch(/s3cret|authorization|token/)
})

test('seal() takes headers of any length', async () => {
  const key = sealKeyOf(await createCryptoKey())
  const long = { search: '', headers: [['x-long', 'a'.repeat(200_000)]] as [string, string][] }
  expect(await key.unseal(await key.seal(long))).toEqual(long)
})

test('unseal() refuses a foreign key, and what was tampered with', async () => {
  const key = sealKeyOf(await createCryptoKey())
  const sealed = await key.seal(secrets)
  await expect(sealKeyOf(await createCryptoKey()).unseal(sealed)).rejects.toThrow()
  const last = sealed.at(-3) === 'A' ? 'B' : 'A'
  await expect(key.unseal(sealed.slice(0, -3) + last + sealed.slice(-2))).rejects.toThrow()
})

test('createCryptoKey() makes a key that no script can read', async () => {
  const key = await createCryptoKey()
  expect(key.extractable).toBe(false)
  await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow()
})
