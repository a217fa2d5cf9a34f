import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalOptions } from './canonical.ts'
import type { Options } from './options.ts'

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

  test('canonicalOptions() is equal for equal options, whatever the order of their keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (options) => {
        const shuffled = Object.fromEntries(Object.entries(options).toReversed())
        expect(canonicalOptions(shuffled as Options)).toBe(canonicalOptions(options as Options))
      }),
    )
  })
})
