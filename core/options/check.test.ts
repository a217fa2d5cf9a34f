import { describe, expect, test } from 'vitest'
import { checkOptions } from './check.ts'

test('checkOptions() takes everything the contract names', () => {
  const options = {
    chat: [
      '/v1/chat/completions',
      { url: 'https://a.example/*', method: 'PUT', timeouts: { headersMs: 1 }, stream: true },
      { url: '/a', resume: { url: '/a/:id', key: 'body.id', position: 'replay' } },
      { url: '/b', resume: { url: 'location', position: 'last-event-id' } },
      { url: '/c', resume: { url: '/c/:ids', position: 'offset' }, afterSavesMs: 0 },
      { url: '/d', conversation: 'path', afterSavesMs: 1 },
    ],
    saves: [
      {
        url: '/s/:id',
        orderBy: ':id',
        respond: { status: 201, body: { ok: true } },
        idempotencyKey: 'X-Key',
      },
    ],
    timeouts: { totalMs: 0 },
    reasoning: { models: ['deep-*'] },
    retry: { maxAttempts: 1 },
    outbox: { maxAgeMs: 1000 },
    notifications: { finished: { title: 'Answered', body: 'text' }, failed: { title: 'No answer' } },
    resume: { route: '/b/:id', key: 'body.id', stopRoute: { url: '/b/:id', method: 'DELETE' } },
    observeAborts: false,
    scope: '/app/',
    enabled: true,
    debug: undefined,
  }
  expect(checkOptions(options)).toBe(options)
})

describe('checkOptions() names the option, what it got and what it takes', () => {
  test.each([
    [null, 'Wrong option options: got null, takes an object with chat, '],
    [{ chats: [] }, 'Unknown option chats: there are chat, '],
    [{ chat: '/v1' }, 'Wrong option chat: got "/v1", takes an array'],
    [{ chat: [''] }, 'Wrong option chat[0]: got "", takes a string that is not empty'],
    [{ chat: [{ method: 'POST' }] }, 'Missing option chat[0].url'],
    [
      { chat: [{ url: '/a', resume: { url: '/a', position: 'end' } }] },
      'Wrong option chat[0].resume.position: got "end", takes "replay" or "last-event-id" or "offset"',
    ],
    [
      { chat: [{ url: '/a', resume: { url: 'a/:id', position: 'replay' } }] },
      "Wrong option chat[0].resume.url: got \"a/:id\", takes a path such as '/api/chat/:id/stream', a URL, or 'location'",
    ],
    [{ chat: [{ url: '/a', resume: { url: '/a' } }] }, 'Missing option chat[0].resume.position'],
    [
      { chat: [{ url: '/a', timeouts: { headerMs: 1 } }] },
      'Unknown option chat[0].timeouts.headerMs: there are headersMs',
    ],
    [
      { timeouts: { headersMs: '30s' } },
      'Wrong option timeouts.headersMs: got "30s", takes a number of milliseconds',
    ],
    [{ timeouts: { headersMs: -1 } }, 'Wrong option timeouts.headersMs: got -1'],
    [
      { timeouts: { totalMs: Infinity } },
      'Wrong option timeouts.totalMs: got Infinity, takes a number of milliseconds',
    ],
    [{ retry: { maxAttempts: 0 } }, 'Wrong option retry.maxAttempts: got 0, takes a whole number, 1 or more'],
    [
      { saves: [{ url: '/a', orderBy: 'id' }] },
      "Wrong option saves[0].orderBy: got \"id\", takes 'path', ':group'",
    ],
    [
      { saves: [{ url: '/a', respond: 'later' }] },
      'Wrong option saves[0].respond: got "later", takes "queued" or "sent"',
    ],
    [{ saves: [{ url: '/a', respond: {} }] }, 'Missing option saves[0].respond.status'],
    [{ reasoning: true }, 'Wrong option reasoning: got true, takes false'],
    [{ notifications: { finished: { body: 'text' } } }, 'Missing option notifications.finished.title'],
    [
      { notifications: { ended: { title: 'Answered' } } },
      'Unknown option notifications.ended: there are finished, failed',
    ],
    [
      { notifications: { failed: { title: '' } } },
      'Wrong option notifications.failed.title: got "", takes a string that is not empty',
    ],
    [
      { notifications: { failed: { title: 'No answer', body: 7 } } },
      'Wrong option notifications.failed.body: got 7, takes a string that is not empty',
    ],
    [
      { notifications: { failed: 'No answer' } },
      'Wrong option notifications.failed: got "No answer", takes an object with title, body',
    ],
    [{ notifications: true }, 'Wrong option notifications: got true, takes an object with finished, failed'],
    [
      { saves: [{ url: '/a', refused: ['errors', 'errors[0].message'] }] },
      "Wrong option saves[0].refused[1]: got \"errors[0].message\", takes 'data=<text>', 'event=<name>', '<path>=<value>' or '<path>', such as errors.0.code",
    ],
    [
      { chat: [{ url: '/a', ends: 'type==done' }] },
      "Wrong option chat[0].ends: got \"type==done\", takes 'data=<text>', 'event=<name>', ",
    ],
    [{ chat: [{ url: undefined }] }, 'Missing option chat[0].url'],
    [
      { chat: [{ url: '/a', afterSavesMs: 1 }] },
      'Missing option conversation, which chat[0].afterSavesMs needs',
    ],
    [
      { chat: [{ url: '/a', resume: { url: '/a/:id', position: 'replay' } }] },
      'Missing option key, which chat[0].resume.url needs',
    ],
    [{ resume: { route: '/a/:id' } }, 'Missing option key, which resume.route needs'],
    [
      { resume: { route: { url: '/a/:id' }, key: undefined } },
      'Missing option key, which resume.route needs',
    ],
    [
      { saves: [{ url: '/a', method: 'PUT,PATCH' }] },
      'Wrong option saves[0].method: got "PUT,PATCH", takes one method',
    ],
    [
      { resume: { streams: '/api/streams/' } },
      'Wrong option resume.streams: got "/api/streams/", takes a path such as \'/api/streams\'',
    ],
    [{ enabled: 'no' }, 'Wrong option enabled: got "no", takes true or false'],
    [{ constructor: 1 }, 'Unknown option constructor'],
  ])('%j', (options, message) => {
    expect(() => checkOptions(options)).toThrow(TypeError)
    expect(() => checkOptions(options)).toThrow(message)
  })
})
