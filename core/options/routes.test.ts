import { describe, expect, test } from 'vitest'
import { compileRoutes, matchRoute } from './routes.ts'

const BASE = 'https://app.example/chat/'

function match(pattern: string, url: string, method = 'POST'): boolean {
  return matchRoute(compileRoutes([pattern], BASE), method, url) !== undefined
}

describe('a pattern', () => {
  test.each<[string, string, boolean]>([
    ['/v1/chat', 'https://app.example/v1/chat', true],
    ['/v1/chat', 'https://app.example/v1/chat?key=1#top', true],
    ['/v1/chat', 'https://app.example/v1/chat/more', false],
    ['/v1/chat', 'https://other.example/v1/chat', false],
    ['/v1/chat', 'http://app.example/v1/chat', false],
    ['/v1/chat', 'https://app.example:8443/v1/chat', false],
    ['v1/chat', 'https://app.example/chat/v1/chat', true],
    ['./v1', 'https://app.example/chat/v1', true],
    ['/v1/*', 'https://app.example/v1/a/b', true],
    ['https://api.example/v1/*', 'https://api.example/v1/chat/completions?x=1', true],
    ['https://*.example/v1', 'https://api.example/v1', true],
    ['http://localhost:11434/api/chat', 'http://localhost:11434/api/chat', true],
    ['/v1/(chat|messages)', 'https://app.example/v1/messages', true],
    ['/v1/(chat|messages)', 'https://app.example/v1/models', false],
    ['/v1/chat?x=1', 'https://app.example/v1/chat?x=2', true],
  ])('%s and %s: %s', (pattern, url, matches) => {
    expect(match(pattern, url)).toBe(matches)
  })

  test('takes POST unless said otherwise, in any case', () => {
    const url = 'https://app.example/v1'
    expect(match('/v1', url, 'GET')).toBe(false)
    const routes = compileRoutes([{ url: '/v1', method: 'put' }], BASE)
    expect(matchRoute(routes, 'PUT', url)).toBeDefined()
    expect(matchRoute(routes, 'POST', url)).toBeUndefined()
  })

  test('tells what its groups caught', () => {
    const routes = compileRoutes(['/s/:session/messages'], BASE)
    expect(matchRoute(routes, 'POST', 'https://app.example/s/a%20b/messages')?.groups).toEqual({
      session: 'a%20b',
    })
  })
})

test('the first route that matches wins', () => {
  const first = { url: '/v1/*', stream: true }
  const routes = compileRoutes([{ url: '/v1/chat', method: 'PUT' }, first, '/v1/chat'], BASE)
  expect(matchRoute(routes, 'POST', 'https://app.example/v1/chat')?.settings).toBe(first)
})

test('nothing matches where nothing is configured', () => {
  expect(matchRoute(compileRoutes(undefined, BASE), 'POST', BASE)).toBeUndefined()
})
