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
    of({}, `${CHAT}?access_token=sk-1`),
    of({}, `${CHAT}?code=sk-1`),
    of({ 'x-auth-token': 'sk-1' }),
    of({ 'ocp-apim-subscription-key': 'sk-1' }),
    of({ 'x-portkey-api-key': 'sk-1' }),
    of({ 'x-openai-key': 'sk-1' }),
    of({ 'x-lobe-chat-auth': 'sk-1' }),
    of({ token: 'sk-2' }),
    of({ 'x-session-token': 'sk-1' }),
    of({}, `${CHAT}?token=sk-1`),
    of({ 'cf-aig-authorization': 'Bearer sk-1' }),
    // Where a server sends on what a browser has sent.
    of({ cookie: 'session=1' }),
    of({ cookie: 'session=2' }),
  ])
  expect(new Set(digests).size).toBe(digests.length)
  // A header that is new with each request authenticates nothing.
  const others = {
    'x-other': '1',
    'x-csrf-token': '1',
    'x-session-id': '1',
    'x-request-token-count': '1',
    'idempotency-key': '1',
    'x-recaptcha-token': '1',
  }
  expect(await of({ authorization: 'Bearer sk-1', ...others }, `${CHAT}?page=2`)).toBe(digests[0])
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
