import { beforeEach, describe, expect, test } from 'vitest'
import { checkOptions } from '../core/options/check.ts'
import type { Options } from '../core/options/options.ts'
import { readOptions } from '../core/options/query.ts'
import { workerUrl } from './script-url.ts'

beforeEach(() => {
  Object.assign(globalThis, { document: { baseURI: 'https://app.test/chat/index.html?x=1' } })
})

/** The options as the worker will read them. */
function asWorkerReads(options: Options): Options | undefined {
  return readOptions(workerUrl('/sw.js', options))
}

describe('workerUrl()', () => {
  test('carries the options, and the worker can read them', () => {
    const options: Options = {
      chat: [{ url: 'https://api.test/v1/*', timeouts: { headersMs: 1 } }],
      retry: { maxAttempts: 2 },
      outbox: { maxAgeMs: 5 },
    }
    expect(asWorkerReads(options)).toEqual(options)
    expect(() => checkOptions(asWorkerReads(options))).not.toThrow()
  })

  test('equal options make equal URLs, whatever their order', () => {
    const one = workerUrl('/sw.js', { retry: { baseMs: 1, maxMs: 2 }, timeouts: { headersMs: 3 } })
    const other = workerUrl('/sw.js', { timeouts: { headersMs: 3 }, retry: { maxMs: 2, baseMs: 1 } })
    expect(one).toBe(other)
  })

  test('leaves out what concerns the page alone, and what is the default anyway', () => {
    const page: Options = { scope: '/x/', enabled: true, observeAborts: false, debug: false }
    expect(asWorkerReads(page)).toEqual({})
    expect(asWorkerReads({ debug: true })).toEqual({ debug: true })
  })

  test.each([
    ['/v1/chat', 'https://app.test/v1/chat'],
    ['v1/:model', 'https://app.test/chat/v1/:model'],
    ['//api.test/*', 'https://api.test/*'],
    ['https://api.test/:a(\\d+)', 'https://api.test/:a(\\d+)'],
    ['{/v1}?/chat', 'https://app.test{/v1}?/chat'],
  ])('makes the pattern %j absolute', (pattern, absolute) => {
    expect(asWorkerReads({ chat: [pattern] })).toEqual({ chat: [absolute] })
    expect(asWorkerReads({ saves: [{ url: pattern }] })).toEqual({ saves: [{ url: absolute }] })
  })

  test.each([
    ['/sw.js', '/x/', '/x/'],
    ['/sw.js', 'x/', '/chat/x/'],
    ['/sw.js', '/', null],
    ['/x/sw.js', 'https://app.test/x/', null],
    ['/sw.js', undefined, null],
  ])('%s names the scope %j as %j: one script may have several', (script, scope, named) => {
    const url = new URL(workerUrl(script, scope === undefined ? {} : { scope }))
    expect(url.searchParams.get('streamkeeper-scope')).toBe(named)
  })

  test('keeps the parameters that the script has', () => {
    expect(workerUrl('/sw.js?v=3', {})).toMatch(/^https:\/\/app\.test\/sw\.js\?v=3&/)
  })

  test('more than 2 000 characters are a TypeError that says what to do', () => {
    const chat = Array.from({ length: 200 }, (_, n) => `/a/long/path/${n}`)
    expect(() => workerUrl('/sw.js', { chat })).toThrow(TypeError)
    expect(() => workerUrl('/sw.js', { chat })).toThrow(/got \d+ characters, takes 2000; use keepStreams/)
  })
})
