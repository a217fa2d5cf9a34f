/** The secret parts of a request: every header outside the safelist, and the query. */
export interface Secrets {
  /** With its `?`; empty for none. */
  search: string
  headers: [name: string, value: string][]
}

export const NO_SECRETS: Secrets = { search: '', headers: [] }

const ALGORITHM = 'AES-GCM'
const IV_BYTES = 12

/** Seals one user's secrets, and opens what it has sealed. */
export interface SealKey {
  key: CryptoKey
  seal: (secrets: Secrets) => Promise<string>
  /** Rejects if it was sealed with another key. */
  unseal: (text: string) => Promise<Secrets>
}

/** A key that the browser keeps and no script can read. */
export function createCryptoKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: ALGORITHM, length: 256 }, false, ['encrypt', 'decrypt'])
}

export function sealKeyOf(key: CryptoKey): SealKey {
  return { key, seal: (secrets) => seal(key, secrets), unseal: (text) => unseal(key, text) }
}

async function seal(key: CryptoKey, secrets: Secrets): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  const plain = new TextEncoder().encode(JSON.stringify(secrets))
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: ALGORITHM, iv }, key, plain))
  return btoa(Array.from([...iv, ...sealed], (byte) => String.fromCharCode(byte)).join(''))
}

async function unseal(key: CryptoKey, text: string): Promise<Secrets> {
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  const algorithm = { name: ALGORITHM, iv: bytes.subarray(0, IV_BYTES) }
  const plain = await crypto.subtle.decrypt(algorithm, key, bytes.subarray(IV_BYTES))
  return JSON.parse(new TextDecoder().decode(plain)) as Secrets
}
