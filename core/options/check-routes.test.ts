import { describe, expect, test, vi } from 'vitest'
import { checkAllRoutes, checkRoutes } from './check-routes.ts'
import type { KeySource, Options } from './options.ts'

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
  expect(() => checkRoutes('chat', ['https://a.example/'])).toThrow('Option chat[0] needs URLPattern')
  vi.unstubAllGlobals()
})

describe('a key names a group that its pattern has', () => {
  test.each<[KeySource, string]>([
    [':session', '/api/sessions/:session/messages'],
    [':id', '/api/chat{/:id}?'],
    [':id', '/api/{:id.json}'],
    [':id', '/api/:id(\\d+)'],
    [':id', '/api/:id*'],
    [':id', 'v1/:id'],
    [':id', 'https://*.example/:id?x=1'],
    [':0', '/api/*'],
    [':0', '/api/(chat|ask)'],
    [':1', 'https://a.example/*/b/*'],
    ['path', '/api/chat'],
    ['query.id', '/api/chat'],
    ['body.id', '/api/chat'],
  ])('%s in %s', (key, url) => {
    const settings = { url, orderBy: key, conversation: key, id: key }
    expect(checkRoutes('saves', [settings], BASE)).toMatchObject([{ settings }])
  })

  test.each<[KeySource, string, string]>([
    [':sesion', '/api/sessions/:session/messages', '/api/sessions/:session/messages'],
    [':session', '/api/sessions/:sessionId', '/api/sessions/:sessionId'],
    [':Id', '/api/chat/:id', '/api/chat/:id'],
    [':id', '/api/chat?id=:id', '/api/chat'],
    [':id', '/api/chat#:id', '/api/chat'],
    [':tenant', 'https://:tenant.example/api', '/api'],
    [':id', '/api/*', '/api/*'],
  ])('%s in %s is a TypeError: it would never be found', (key, url, path) => {
    const check = (settings: object) => () => checkRoutes('saves', ['/a', { url, ...settings }], BASE)
    const message = (field: string) => `Wrong option saves[1].${field}: ${path} has no ${key}`
    expect(check({ orderBy: key })).toThrow(TypeError)
    expect(check({ orderBy: key })).toThrow(message('orderBy'))
    expect(check({ conversation: key })).toThrow(message('conversation'))
  })
})

describe('checkAllRoutes()', () => {
  const check = (options: Options) => () => checkAllRoutes(options, BASE)

  test('compiles chats, saves and the requests to resume and to stop', () => {
    const routes = checkAllRoutes(
      {
        chat: ['/a/:id'],
        saves: ['/b', '/c'],
        resume: { route: '/d/:id', stopRoute: { url: '/e', method: 'DELETE', id: 'query.id' }, key: ':id' },
      },
      BASE,
    )
    const paths = Object.values(routes).map((list) =>
      list.map(({ method, pattern }) => `${method} ${pattern.pathname}`),
    )
    expect(paths).toEqual([['POST /a/:id'], ['POST /b', 'POST /c'], ['GET /d/:id'], ['DELETE /e']])
  })

  test.each<[Options, string]>([
    [{ chat: ['/('] }, 'Wrong option chat[0]: "/(" is no URL pattern here'],
    [{ saves: ['/('] }, 'Wrong option saves[0]: "/(" is no URL pattern here'],
    [{ resume: { route: '/:id((' } }, 'Wrong option resume.route: "/:id((" is no URL pattern here'],
    [
      { resume: { stopRoute: { url: '/:id((' } } },
      'Wrong option resume.stopRoute: "/:id((" is no URL pattern here',
    ],
    [{ resume: { route: '/api/stream' } }, 'Missing option resume.route.id: /api/stream has no group'],
    [{ resume: { stopRoute: { url: '/stop' } } }, 'Missing option resume.stopRoute.id: /stop has no group'],
    [
      { resume: { route: { url: '/:chat/stream', id: ':id' } } },
      'Wrong option resume.route.id: /:chat/stream has no :id',
    ],
  ])('%j is a TypeError', (options, message) => {
    expect(check(options)).toThrow(TypeError)
    expect(check(options)).toThrow(message)
  })

  test.each<Options>([
    {},
    { resume: { route: '/api/*', stopRoute: '/api/(a|b)/stop', key: 'body.id' } },
    { resume: { route: { url: '/api/resume', id: 'path' } } },
  ])('%j is right', (options) => {
    expect(check(options)).not.toThrow()
  })
})
