import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasCorpus, readCorpus, skipReason } from '../../core/testing/corpus.ts'

/**
 * What the tests of other queues assert, and where ours do: `file: title`. What begins with `not ` is where we depart
 * from them, and why.
 */
const WHERE: Record<string, string> = {
  // workbox-background-sync
  'workbox-01': 'outbox.test: inside a conversation it is strict, between conversations none waits',
  'workbox-02': 'outbox.test: a sent message leaves nothing behind',
  'workbox-03': 'outbox.test: 500 three times, then 200: waits of 1, 2 and 4 s',
  'workbox-04':
    '../../e2e/saves/background-sync.spec: a sync that fails is left to the browser; after its last try the browser is asked again',
  'workbox-05':
    'not met: a message never goes in silence; too old, it is tried once more and is a dead letter',
  'workbox-06': 'not met: reading a list changes nothing',
  'workbox-07': 'not met: reading a list changes nothing',
  'workbox-08':
    'request.outbox.test: a message arrives as the page sent it: method, bytes, headers, query, credentials',
  'workbox-09': 'storage-faults.test: what is put back keeps its order and its place among newer ones',
  'workbox-10': 'backlog.test: is the oldest of its conversation, in whatever order they came',
  'workbox-11': 'not met: nobody takes the newest first',
  'workbox-12': 'outbox.test: every try carries the same Idempotency-Key; the app’s own is kept',
  'workbox-13': 'workers.outbox.test: a clock set back over a restart changes no order',
  'workbox-14': 'request.outbox.test: the worker is asked to wake only for what is stored',
  'workbox-15': 'not met: one outbox for a scope; keepStreams() called twice throws',
  'workbox-16': '../../e2e/saves/background-sync.spec: a sync sends what waits',
  'workbox-17': 'request.outbox.test: a drain asked for at any moment of a run that ends is not lost',
  'workbox-18':
    '../../e2e/saves/background-sync.spec: a sync that fails is left to the browser; after its last try the browser is asked again',
  'workbox-19':
    '../../e2e/saves/background-sync.spec: a sync that fails is left to the browser; after its last try the browser is asked again',
  'workbox-20': 'workers.outbox.test: the new one goes on at once where the old one dies in mid-send',
  'workbox-21': 'workers.outbox.test: the new one goes on at once where the old one dies in mid-send',
  'workbox-22': 'request.outbox.test: the worker is asked to wake only for what is stored',
  'workbox-23': 'request.outbox.test: the worker is asked to wake only for what is stored',
  'workbox-24': 'backlog.test: is what a person can do about it',
  'workbox-25': '../../e2e/saves/attachments.spec: arrives byte for byte, at every try',
  'workbox-26': 'not met: a navigation is never ours to answer',
  'workbox-27':
    'request.outbox.test: a message arrives as the page sent it: method, bytes, headers, query, credentials',
  'workbox-28': '../../e2e/saves/attachments.spec: arrives byte for byte, at every try',
  'workbox-29': 'message-index.test: a row that makes no sense blocks nothing, and is replaced',
  'workbox-30': 'workers.outbox.test: a clock set back over a restart changes no order',
  'workbox-31': 'storage-faults.test: what is put back keeps its order and its place among newer ones',
  'workbox-32': 'people.outbox.test: they are neither sent, listed, counted, told nor asked about',
  'workbox-33': 'outbox.test: discard deletes, and says whether there was one',
  'workbox-34':
    'message-index.test: what is asked for at the same time is done in its order, in few transactions',
  'workbox-35': 'not met: there is one version so far; those to come only add to it',
  'workbox-36': 'message-index.test: a database of a later version is used as it is',
  'workbox-37': 'not met: whatever is not the API’s own answer keeps the message: decide-save.test',
  'workbox-code-01': 'outbox.test: 503 for ten minutes of fake time: still waiting, not dead',
  'workbox-code-02': 'storage-faults.test: body lost while sending: it was sent',
  // redux-offline
  'redux-offline-01': '../../e2e/saves/saves.spec: a reload loses nothing',
  'redux-offline-02':
    'outbox.test: without a network no attempt is burnt, and the network’s return is enough',
  'redux-offline-03': 'outbox.test: a sent message leaves nothing behind',
  'redux-offline-04':
    'not met: one at a time inside a conversation, four conversations side by side: request.outbox.test',
  'redux-offline-05': 'outbox.test: a Retry-After is never undercut',
  'redux-offline-06':
    'not met: a browser says offline where there is a network, and the other way round; trying tells',
  'redux-offline-07':
    'request.outbox.test: neither a network that is back nor a new worker undercuts a Retry-After; flush() does',
  'redux-offline-08':
    'request.outbox.test: neither a network that is back nor a new worker undercuts a Retry-After; flush() does',
  'redux-offline-09': 'outbox.test: 500 three times, then 200: waits of 1, 2 and 4 s',
  'redux-offline-10': 'workers.outbox.test: the new one goes on at once where the old one dies in mid-send',
  'redux-offline-11': 'request.outbox.test: the timeline of a message that meets 500 three times, then 200',
  'redux-offline-12': 'outbox.test: 400: the response is kept, those behind go on, retry sends it',
  'redux-offline-13':
    'not met: nothing of the app’s runs in the worker, and nothing drops a message but a person',
  'redux-offline-14': 'request.outbox.test: the timeline of a message that meets 500 three times, then 200',
  'redux-offline-15': 'outbox.test: 400: the response is kept, those behind go on, retry sends it',
  'redux-offline-16': 'outbox.test: respond: sent hands the real response on, when it comes in time',
  'redux-offline-17': 'request.outbox.test: respond: sent hands on a refusal, too',
  'redux-offline-code-01': 'decide-save.test: doubles from 1 s to 5 min',
  // TanStack Query
  'tanstack-query-01': 'outbox.test: inside a conversation it is strict, between conversations none waits',
  'tanstack-query-02':
    'request.outbox.test: at most four conversations are sent at a time, and the others follow one by one',
  'tanstack-query-03': 'request.outbox.test: a conversation that hangs holds up none that arrives later',
  'tanstack-query-04': '../../e2e/saves/saves.spec: a reload loses nothing',
  'tanstack-query-05': 'workers.outbox.test: send each message once, whoever took it',
  'tanstack-query-06': 'workers.outbox.test: the new one goes on at once where the old one dies in mid-send',
  'tanstack-query-07':
    'outbox.test: without a network no attempt is burnt, and the network’s return is enough',
  'tanstack-query-08':
    'request.outbox.test: at most four conversations are sent at a time, and the others follow one by one',
  'tanstack-query-09': 'workers.outbox.test: send each message once, whoever took it',
  'tanstack-query-10': 'not met: every message is stored before it is sent, not only those that wait',
  'tanstack-query-11':
    'outbox.test: without a network no attempt is burnt, and the network’s return is enough',
  // durable-streams
  'durable-streams-01': '../../e2e/saves/saves.spec: saved, but the response was lost: sent again, one row',
  'durable-streams-02': 'outbox.test: every try carries the same Idempotency-Key; the app’s own is kept',
  'durable-streams-03': 'outbox.test: 500 three times, then 200: waits of 1, 2 and 4 s',
  'durable-streams-04': 'decide-save.test: the status for duplicates counts as sent, and no other',
  'durable-streams-05': 'model.outbox.test: whatever happens, in whatever order',
  'durable-streams-06': 'workers.outbox.test: the new one waits for what the old one is sending',
  'durable-streams-07': 'workers.outbox.test: send each message once, whoever took it',
  'durable-streams-08': 'outbox.test: 500 three times, then 200: waits of 1, 2 and 4 s',
  'durable-streams-09': 'not met: a message has no number that the server could miss',
  'durable-streams-10': 'not met: messages are sent one by one, each with its key',
  'durable-streams-11':
    'request.outbox.test: at most four conversations are sent at a time, and the others follow one by one',
  'durable-streams-12': 'people.outbox.test: they hold up none of the next one’s in the same conversation',
  'durable-streams-13': 'outbox.test: a Retry-After is never undercut',
  'durable-streams-14': 'request.outbox.test: the timeline of a message that meets 500 three times, then 200',
  'durable-streams-15': 'outbox.test: 400: the response is kept, those behind go on, retry sends it',
  'durable-streams-16': 'outbox.test: too old: given up after one more try',
  'durable-streams-17':
    'outbox.test: without a network no attempt is burnt, and the network’s return is enough',
  'durable-streams-18': 'model.outbox.test: whatever happens, in whatever order',
  'durable-streams-19': 'outbox.test: a server that says nothing for 30 s has no response',
  'durable-streams-20': 'outbox.test: a server that says nothing for 30 s has no response',
  'durable-streams-21': '../../e2e/chat/reload.spec: from a byte on, only the rest comes',
  'durable-streams-22': '../../e2e/chat/random-reloads.spec: a page that is reloaded reads on',
  // p-queue
  'p-queue-01': 'outbox.test: discard deletes, and says whether there was one',
  'p-queue-02':
    'not met: the app was answered when its message was stored; a page that goes takes nothing back',
  'p-queue-03': 'outbox.test: discard deletes, and says whether there was one',
  'p-queue-04': 'request.outbox.test: what is discarded while it is sent stays discarded',
  'p-queue-05': 'not met: nothing here recurses; a drain of 10 000 is measured by the bench',
  'p-queue-06': 'outbox.test: a Retry-After is never undercut',
  // Cloudflare's resumable stream: the relay's, not the outbox's
  'cloudflare-resumable-stream-01': '../../e2e/chat/reload.spec: from a byte on, only the rest comes',
  'cloudflare-resumable-stream-02':
    'not met: a page goes on at a byte, and what it has of an event is no reason to lose it',
  'cloudflare-resumable-stream-03':
    '../../e2e/chat/reload.spec: a response that is not there is a 404, and keeper.attach rejects',
  'cloudflare-resumable-stream-04':
    'not met: a cut response is an error that keeps its text, never a clean end',
  'cloudflare-resumable-stream-05': '../../client/recovery.test: or, where there is no more, is worker_lost',
  'cloudflare-resumable-stream-06':
    '../../core/providers/inspection/event-reader.test: an event reader holds a half event back until its end',
  'cloudflare-resumable-stream-07': '../../e2e/chat/reload.spec: from a byte on, only the rest comes',
  'cloudflare-resumable-stream-08':
    '../../client/recovery.test: a request that fails without a word of its worker is worker_lost',
}

describe(`what other queues assert${skipReason}`, () => {
  const { behaviours } = readCorpus<{ behaviours: { id: string }[] }>('queue/queue-behaviours.json', {
    behaviours: [],
  })

  test.runIf(hasCorpus)('every behaviour is met, or departed from with a reason', () => {
    expect(Object.keys(WHERE).toSorted()).toEqual(behaviours.map(({ id }) => id).toSorted())
  })

  test('every test that is named exists', () => {
    for (const [id, where] of Object.entries(WHERE)) {
      if (where.startsWith('not ')) continue
      const [file = '', title] = where.split(/: (.*)/)
      const text = readFileSync(resolve(import.meta.dirname, `${file}.ts`), 'utf8')
      expect(text, id).toContain(title)
    }
  })
})
