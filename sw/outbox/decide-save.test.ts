import { describe, expect, test } from 'vitest'
import { decideSave, type SaveResponse, saveBackoff } from './decide-save.ts'

const response = (status: number, more: Partial<SaveResponse> = {}): SaveResponse => ({
  status,
  contentType: 'application/json',
  text: '{}',
  isRedirected: false,
  isCut: false,
  isElsewhere: false,
  ...more,
})
const rules = { accept: undefined, refused: undefined, duplicateStatus: undefined, whenUnsure: undefined }

describe('decideSave()', () => {
  test.each([
    [200, 'sent'],
    [201, 'sent'],
    [204, 'sent'],
    [304, 'dead'],
    [400, 'dead'],
    [401, 'ask'],
    [403, 'ask'],
    [404, 'dead'],
    [408, 'stay'],
    [409, 'stay'],
    [413, 'dead'],
    [422, 'dead'],
    [425, 'stay'],
    [429, 'stay'],
    [500, 'stay'],
    [502, 'stay'],
    [503, 'stay'],
    [511, 'stay'],
    [529, 'stay'],
  ])('%i: %s', (status, expected) => {
    expect(decideSave(response(status), rules).do).toBe(expected)
  })

  test.each([
    [429, 'rate_limited'],
    [503, 'overloaded'],
    [498, 'upstream_error'],
    [529, 'overloaded'],
    [402, 'quota_exhausted'],
    [507, 'upstream_error'],
    [500, 'upstream_error'],
    [400, 'upstream_error'],
  ])('%i is %s', (status, code) => {
    expect(decideSave(response(status), rules)).toMatchObject({ code })
  })

  test('no response stays', () => {
    expect(decideSave(null, rules)).toEqual({ do: 'stay', code: 'network_error' })
  })

  test.each([
    ['text/html', undefined, 'stay'],
    ['text/plain', undefined, 'stay'],
    ['', undefined, 'sent'],
    ['application/json; charset=utf-8', undefined, 'sent'],
    ['application/problem+json', undefined, 'sent'],
    ['text/plain; charset=utf-8', ['text/plain'], 'sent'],
    ['text/plain', ['Text/*'], 'sent'],
    ['application/json', ['text/*'], 'stay'],
  ])('a 200 of type %j where %j is accepted: %s', (contentType, accept, expected) => {
    expect(decideSave(response(200, { contentType }), { ...rules, accept }).do).toBe(expected)
  })

  test.each([
    ['application/json', ['*/*']],
    ['text/plain; charset=utf-8', ['*/*']],
    ['application/json', ['*']],
    ['application/json; charset=utf-8', ['application/json; charset=utf-8']],
    ['application/json', ['application/json;charset=UTF-8']],
    ['application/vnd.api+json', ['Application/*+json; ext=bulk']],
    ['image/svg+xml', ['image/*']],
  ])('S7 a 200 of type %j matches accept %j', (contentType, accept) => {
    expect(decideSave(response(200, { contentType }), { ...rules, accept }).do).toBe('sent')
  })

  test('S7 and nothing else does: a plus and a dot stand for themselves', () => {
    for (const accept of [['application/.*'], ['applicationx+json'], ['text/*']]) {
      expect(decideSave(response(200), { ...rules, accept }).do).toBe('stay')
    }
  })

  test.each([
    [419, 'application/json', false],
    [419, 'text/html', false],
    [440, '', false],
    [498, 'application/json', false],
    [403, 'application/json', false],
    [403, 'text/html; charset=utf-8', true],
  ])('S10 %i of type %j: a page is asked', (status, contentType, isForeign) => {
    expect(decideSave(response(status, { contentType }), rules)).toMatchObject({ do: 'ask', isForeign })
  })

  test.each([
    [404, 'text/html', true],
    [407, 'text/plain', true],
    [404, 'application/problem+json', false],
    [404, '', false],
    [400, 'text/html', false],
    [413, 'text/html', false],
    [422, 'text/html', false],
    [410, 'text/html', false],
  ])(
    'S10 %i of type %j: dead, at once unless somebody else may have said it',
    (status, contentType, isForeign) => {
      expect(decideSave(response(status, { contentType }), rules)).toMatchObject({ do: 'dead', isForeign })
    },
  )

  test('S10 what the API is known to answer is its own', () => {
    const html = response(404, { contentType: 'text/html' })
    expect(decideSave(html, { ...rules, accept: ['text/html'] })).toMatchObject({
      do: 'dead',
      isForeign: false,
    })
  })

  test.each([
    [200, '{"errors":[{"message":"Not authenticated"}],"data":null}', 'dead'],
    [200, '{"data":{"id":1}}', 'sent'],
    [200, '{"errors":[]}', 'sent'],
    [201, '{"ok":false,"why":"closed"}', 'dead'],
    [201, '{"ok":true}', 'sent'],
    [200, 'no JSON', 'sent'],
    [200, '{"status":{"code":"REFUSED"}}', 'dead'],
    [204, '', 'sent'],
  ])('S11 a %i that says %j is %s', (status, text, expected) => {
    const refused = ['errors', 'ok=false', 'status.code=REFUSED']
    expect(decideSave(response(status, { text }), { ...rules, refused }).do).toBe(expected)
  })

  test('a 2xx that breaks off where its words might have said no is no yes', () => {
    const cut = response(200, { text: '{"errors":[…', isCut: true })
    expect(decideSave(cut, { ...rules, refused: 'errors' })).toEqual({ do: 'stay', code: 'network_error' })
    expect(decideSave(cut, { ...rules, refused: 'errors', whenUnsure: 'hold' })).toMatchObject({
      code: 'unsure',
    })
    expect(decideSave(cut, rules)).toEqual({ do: 'sent' })
  })

  test('whatever comes from elsewhere is no response of the API’s', () => {
    for (const status of [200, 400, 401]) {
      expect(decideSave(response(status, { isElsewhere: true }), rules).do).toBe('stay')
    }
  })

  test('the status for duplicates counts as sent, and no other', () => {
    expect(decideSave(response(409), { ...rules, duplicateStatus: 409 }).do).toBe('sent')
    expect(decideSave(response(422), { ...rules, duplicateStatus: 409 }).do).toBe('dead')
  })
})

describe('decideSave() with whenUnsure: hold', () => {
  const hold = { ...rules, whenUnsure: 'hold' } as const

  test.each([408, 500, 502, 504])('%i may hide a message that arrived', (status) => {
    expect(decideSave(response(status), hold)).toMatchObject({ do: 'dead', code: 'unsure' })
  })

  test('a missing response makes a message a dead letter, code unsure', () => {
    expect(decideSave(null, hold)).toMatchObject({ do: 'dead', code: 'unsure' })
  })

  test.each([
    [201, 'sent'],
    [400, 'dead'],
    [401, 'ask'],
    [409, 'stay'],
    [429, 'stay'],
    [503, 'stay'],
    [529, 'stay'],
  ])('%i is sure: %s', (status, expected) => {
    const decision = decideSave(response(status), hold)
    expect(decision.do).toBe(expected)
    expect(decision).not.toMatchObject({ code: 'unsure' })
  })

  test('a 200 of another content type than the API’s stays', () => {
    expect(decideSave(response(200, { contentType: 'text/html' }), hold).do).toBe('stay')
  })

  test.each([
    [200, true, 'unsure'],
    [200, false, undefined],
    [404, false, 'unsure'],
    [405, false, 'unsure'],
    [503, false, 'unsure'],
    [401, true, 'unsure'],
    [401, false, 'upstream_error'],
    [400, false, 'upstream_error'],
  ])('after a redirect a %i, isElsewhere %s: %s', (status, isElsewhere, code) => {
    const decision = decideSave(response(status, { isRedirected: true, isElsewhere }), hold)
    expect('code' in decision ? decision.code : undefined).toBe(code)
  })

  test.each([200, 404, 503])('after a redirect a %i of another content type is sent again', (status) => {
    const page = response(status, { isRedirected: true, isElsewhere: true, contentType: 'text/html' })
    expect(decideSave(page, hold).do).toBe('stay')
  })
})

describe('saveBackoff()', () => {
  test('doubles from 1 s to 5 min', () => {
    const waits = [1, 2, 3, 8, 9, 10, 2_000].map((failures) => saveBackoff(failures, undefined, () => 0.5))
    expect(waits).toEqual([1_000, 2_000, 4_000, 128_000, 256_000, 300_000, 300_000])
  })

  test('varies by a fifth', () => {
    expect(saveBackoff(1, undefined, () => 0)).toBe(800)
    expect(saveBackoff(1, undefined, () => 1)).toBe(1_200)
  })

  test('is never shorter than the server asked', () => {
    expect(saveBackoff(1, 90_000, () => 0)).toBe(90_000)
    expect(saveBackoff(9, 1_000, () => 0)).toBe(204_800)
  })
})
