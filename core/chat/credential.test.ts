import { expect, test, vi } from 'vitest'
import { digestCredential } from './credential.ts'

const CHAT = 'https://api.example/v1/chat/completions'

function of(headers: HeadersInit, url = CHAT): Promise<string> {
  return digestCredential({ url, headers: new Headers(headers) })
}

test('digestCredential() tells keys apart wherever they are, and equal ones never', async () => {
  const digests = await Promise.all([
    of({ authorization: 'Bearer sk-1' }),
    of({ authorization: 'Bearer sk-2' }),
    of({ 'x-api-key': 'sk-1' }),
    of({ 'api-key': 'sk-1' }),
    of({ 'x-goog-api-key': 'sk-1' }),
    of({}, `${CHAT}?key=sk-1`),
    of({}, `${CHAT}?api_key=sk-1`),
  ])
  expect(new Set(digests).size).toBe(digests.length)
  expect(await of({ authorization: 'Bearer sk-1', 'x-other': '1' }, `${CHAT}?page=2`)).toBe(digests[0])
})

test('digestCredential() has nothing of the credential in it', async () => {
  expect(await of({ authorization: 'Bearer sk-1' })).toMatch(/^[0-9a-f]{16}$/)
})

test('digestCredential() is empty where there is no credential to see', async () => {
  expect(await of({ 'content-type': 'application/json' })).toBe('')
})

test('digestCredential() is empty on a page without crypto.subtle', async () => {
  vi.stubGlobal('crypto', {})
  try {
    expect(await of({ authorization: 'Bearer sk-1' })).toBe('')
  } finally {
    vi.unstubAllGlobals()
  }
})
