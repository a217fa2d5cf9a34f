import { describe, expect, test } from 'vitest'
import { canonicalOptions } from './canonical.ts'
import type { Options } from './options.ts'
import { OPTIONS_PARAMETER, readOptions } from './query.ts'

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
