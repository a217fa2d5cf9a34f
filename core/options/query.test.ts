import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Options } from './options.ts'
import { canonicalOptions, OPTIONS_PARAMETER, readOptions } from './query.ts'

describe('canonicalOptions()', () => {
  test('sorts keys at every depth and leaves lists as they are', () => {
    const options: Options = {
      timeouts: { totalMs: 2, headersMs: 1 },
      chat: ['/z', { url: '/a', stream: true, method: 'PUT' }],
      debug: true,
    }
    expect(canonicalOptions(options)).toBe(
      '{"chat":["/z",{"method":"PUT","stream":true,"url":"/a"}],"debug":true,"timeouts":{"headersMs":1,"totalMs":2}}',
    )
  })

  test('leaves undefined out', () => {
    const options: object = { debug: undefined, timeouts: { headersMs: undefined } }
    expect(canonicalOptions(options)).toBe('{"timeouts":{}}')
  })

  test('of equal options is equal, whatever the order of their keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (options) => {
        const shuffled = Object.fromEntries(Object.entries(options).toReversed())
        expect(canonicalOptions(shuffled as Options)).toBe(canonicalOptions(options as Options))
      }),
    )
  })
})

describe('readOptions()', () => {
  test('reads what canonicalOptions() wrote', () => {
    const options: Options = {
      chat: ['/v1/chat?a=1&b=ä#x'],
      saves: [{ url: '/s/:id', respond: { status: 201 } }],
    }
    const url = new URL('https://app.example/sw.js')
    url.searchParams.set(OPTIONS_PARAMETER, canonicalOptions(options))
    expect(readOptions(url.href)).toEqual(options)
  })

  test('finds nothing in a URL that carries none', () => {
    expect(readOptions('https://app.example/sw.js?v=3')).toBeUndefined()
  })

  test('throws at what is no JSON', () => {
    expect(() => readOptions('https://app.example/sw.js?streamkeeper={')).toThrow(SyntaxError)
  })
})
