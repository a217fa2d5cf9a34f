import { describe, expect, test, vi } from 'vitest'
import { checkRoutes } from './check-routes.ts'

const BASE = 'https://app.example/chat/'

describe('a wrong pattern is named', () => {
  test.each([
    ['/v1/(', BASE],
    ['/v1/chat', undefined],
  ])('%s with base %s', (pattern, base) => {
    expect(() => checkRoutes('chat', ['https://a.example/', pattern], base)).toThrow(
      `Wrong option chat[1]: ${JSON.stringify(pattern)} is no URL pattern here`,
    )
  })
})

test('where there is no URLPattern that is said, and only when there is a pattern', () => {
  vi.stubGlobal('URLPattern', undefined)
  Reflect.deleteProperty(globalThis, 'URLPattern')
  expect(checkRoutes('chat')).toEqual([])
  expect(() => checkRoutes('chat', ['https://a.example/'])).toThrow('Option chat needs URLPattern')
  vi.unstubAllGlobals()
})
