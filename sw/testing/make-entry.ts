import { type Entry, UNTRIED } from '../outbox/entry.ts'

/** An entry as a plain same-origin save leaves it. */
export function makeEntry(id: string, more: Partial<Entry> = {}): Entry {
  return {
    ...UNTRIED,
    id,
    createdAt: 1,
    clientId: 'page',
    principal: null,
    conversation: 'a',
    method: 'POST',
    url: 'https://app.example/api/a',
    mode: 'cors',
    credentials: 'same-origin',
    referrer: '',
    referrerPolicy: '',
    headers: [['content-type', 'application/json']],
    hasSecrets: false,
    hasQuery: false,
    needsCookies: true,
    accept: undefined,
    duplicateStatus: undefined,
    whenUnsure: undefined,
    afterDead: undefined,
    ...more,
  }
}
