import { describe, expect, test } from 'vitest'
import { parseChatRequest } from '../../core/chat/parse-request.ts'
import { startRequest } from '../../core/chat/run-request.ts'
import type { RequestStatus, NewStatus } from '../../core/messages/status.ts'
import { createLimits } from '../../core/retry/limits.ts'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { DONE, FINISH, say } from '../../core/testing/openai-events.ts'
import { PLAIN_BODY } from '../../core/testing/run-request.ts'
import {
  responses as whole,
  failsAfter,
  type Scripted,
  streams,
} from '../../core/testing/scripted-upstream.ts'
import { NO_JOURNAL } from '../testing/no-journal.ts'
import { type ResponsesContext, createResponses } from './responses.ts'
import type { Recorded } from './journal.ts'

const URL = 'https://api.example/v1/chat/completions'
/** One word a second, ten of them, then the end. */
const SLOW: Scripted = streams([
  ...Array.from({ length: 10 }, (_, n) => [(n + 1) * 1_000, say(`word${n} `)] as const),
  [11_000, FINISH + DONE],
])
const TEXT = Array.from({ length: 10 }, (_, n) => say(`word${n} `)).join('') + FINISH + DONE

/** A worker's answers, and the tabs that there are. */
function createScene(more: Partial<ResponsesContext> = {}) {
  const clock = createFakeClock()
  const startedAt = clock.now()
  const random = () => 0
  const limits = createLimits({ clock, random })
  const tabs = new Set(['a', 'b'])
  const emitted: string[] = []
  /** The owner under which each status was sent. */
  const owners: string[] = []
  const user: { id: string | null } = { id: null }
  const emit = (status: NewStatus<RequestStatus>, clientId: string) => {
    const by = status.status === 'request_cancelled' ? ` by ${status.by}` : ''
    emitted.push(`${clock.now() - startedAt} ${status.status}${by}`)
    owners.push(clientId)
  }
  const kept = createResponses({
    clock,
    journal: NO_JOURNAL,
    principal: { current: () => user.id, known: () => Promise.resolve(user.id) },
    keepMs: 600_000,
    graceMs: 30_000,
    onAbort: 'stop',
    isOpen: async (clientId) => tabs.has(clientId),
    pages: async () => [...tabs].filter((tab) => !tab.startsWith('worker')),
    isWorker: async (clientId) => clientId.startsWith('worker'),
    unreadable: () => emitted.push('unreadable'),
    emit,
    ...more,
  })
  let signal: AbortSignal | undefined
  const asked: { cancel: () => void }[] = []
  const ask = (clientId: string, script: Scripted, requestId = 'r1', more: Partial<Recorded> = {}) => {
    const request = { url: URL, headers: new Headers() }
    const description = parseChatRequest(
      request,
      JSON.stringify(PLAIN_BODY),
      { settings: { url: URL }, groups: {} },
      { retry: { networkBudgetMs: 10_000 } },
    )
    const stop = new AbortController()
    const begun = kept.begin(
      {
        requestId,
        clientId,
        digest: '',
        url: URL,
        keep: 'memory',
        principal: user.id,
        ...more,
      },
      stop,
    )
    const runningRequest = startRequest(
      {
        ...description,
        requestId,
        credential: '',
        signal: stop.signal,
        send: (sent) => script(clock, (signal = sent)),
      },
      {
        clock,
        random,
        writer: begun.writer,
        limits,
        earlyMs: 20_000,
        emit: (status) => {
          kept.note(status)
          begun.emit(status)
        },
      },
    )
    asked.push({ cancel: () => stop.abort() })
    return begun.respond(runningRequest)
  }
  return { clock, kept, tabs, emitted, owners, user, ask, asked, isStopped: () => signal?.aborted === true }
}

/** Reads a Response as a page does, for as long as it wants to. */
function read(response: Response | undefined) {
  const reader = response?.body?.getReader()
  const page = { text: '', state: 'open', leave: async () => reader?.cancel() }
  const decoder = new TextDecoder()
  const readAll = async () => {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true }
      if (done) break
      page.text += decoder.decode(value as Uint8Array)
    }
  }
  readAll().then(
    () => (page.state = 'closed'),
    () => (page.state = 'broken'),
  )
  return page
}

describe('a Response that is given up', () => {
  test('by a page that stays is a Stop, a second later', async () => {
    const { clock, ask, emitted, isStopped } = createScene()
    const asked = ask('a', SLOW)
    await clock.advance(2_500)
    const page = read(await asked)
    await clock.advance(0)
    await page.leave()
    await clock.advance(999)
    expect(isStopped()).toBe(false)
    await clock.advance(1)
    expect(isStopped()).toBe(true)
    expect(emitted.at(-1)).toBe('3500 request_cancelled by page')
  })

  test.each<[string, (scene: ReturnType<typeof createScene>) => void]>([
    ['said that it leaves', ({ kept }) => kept.leaving('a')],
    ['is gone', ({ tabs }) => tabs.delete('a')],
  ])('by a page that %s goes on, and is read again from any byte', async (_words, leave) => {
    const scene = createScene()
    const { clock, kept, ask, emitted, isStopped } = scene
    const asked = ask('a', SLOW)
    await clock.advance(2_500)
    const page = read(await asked)
    await clock.advance(0)
    leave(scene)
    await page.leave()
    await clock.advance(60_000)
    expect(isStopped()).toBe(false)
    expect(emitted.slice(-2)).toEqual(['2500 stream_detached', '11000 request_finished'])
    const again = read(await kept.attach('r1', 10, 'b'))
    await clock.advance(0)
    expect(again).toMatchObject({ text: TEXT.slice(10), state: 'closed' })
    expect(await kept.list()).toMatchObject([
      { requestId: 'r1', state: 'ended', bytes: TEXT.length, deliveredWhole: true, verdict: 'complete' },
    ])
  })

  test('while another page reads it goes on for that one', async () => {
    const { clock, kept, ask } = createScene()
    const asked = ask('a', SLOW)
    await clock.advance(2_500)
    const first = read(await asked)
    const second = read(await kept.attach('r1', 0, 'b'))
    await clock.advance(0)
    await first.leave()
    await clock.advance(20_000)
    expect(second).toMatchObject({ text: TEXT, state: 'closed' })
  })

  test('continues if a page attaches again within a second', async () => {
    const { clock, kept, ask } = createScene()
    const asked = ask('a', SLOW)
    await clock.advance(2_500)
    const first = read(await asked)
    await clock.advance(0)
    await first.leave()
    await clock.advance(900)
    const second = read(await kept.attach('r1', 0, 'a'))
    await clock.advance(20_000)
    expect(second).toMatchObject({ text: TEXT, state: 'closed' })
  })

  test('goes on where an abort only detaches', async () => {
    const { clock, ask, emitted } = createScene({ onAbort: 'detach' })
    const asked = ask('a', SLOW)
    await clock.advance(2_500)
    const page = read(await asked)
    await clock.advance(0)
    await page.leave()
    await clock.advance(20_000)
    expect(emitted.at(-1)).toBe('11000 request_finished')
  })

  test('an announcement of leaving holds for five seconds: who stays can stop again', async () => {
    const { clock, kept, ask, isStopped } = createScene()
    const asked = ask('a', SLOW)
    await clock.advance(1_500)
    const page = read(await asked)
    kept.leaving('a')
    await clock.advance(5_000)
    await page.leave()
    await clock.advance(1_000)
    expect(isStopped()).toBe(true)
  })
})

describe('a response without any page', () => {
  test('goes on for its grace, then the upstream is closed', async () => {
    const { clock, tabs, ask, emitted, isStopped } = createScene({ graceMs: 4_000 })
    const asked = ask('a', SLOW)
    await clock.advance(1_500)
    const page = read(await asked)
    await clock.advance(0)
    tabs.clear()
    await page.leave()
    await clock.advance(3_999)
    expect(isStopped()).toBe(false)
    await clock.advance(1)
    expect(emitted.at(-1)).toBe('5500 request_cancelled by grace')
  })

  test('has its grace from when the last page went, not from when it was given up', async () => {
    const { clock, kept, tabs, ask, emitted, isStopped } = createScene({ graceMs: 6_000 })
    const asked = ask('a', SLOW)
    await clock.advance(1_500)
    const page = read(await asked)
    await clock.advance(0)
    kept.leaving('a')
    await page.leave()
    await clock.advance(4_000)
    tabs.clear()
    await clock.advance(5_499)
    expect(isStopped()).toBe(false)
    await clock.advance(10_000)
    expect(emitted.at(-1)).toBe('11000 request_finished')
  })

  test('whose page went before there was a Response is kept for the next one', async () => {
    const { clock, kept, tabs, ask, isStopped } = createScene()
    const asked = ask(
      'a',
      streams(
        [
          [0, say('late')],
          [1, FINISH + DONE],
        ],
        { headersMs: 5_000 },
      ),
    )
    await clock.advance(1_000)
    tabs.delete('a')
    const attached = kept.attach('r1', 0, 'b')
    await clock.advance(5_000)
    await asked
    await clock.advance(2_000)
    expect(isStopped()).toBe(false)
    const again = read(await attached)
    await clock.advance(0)
    expect(again).toMatchObject({ text: say('late') + FINISH + DONE, state: 'closed' })
  })
})

test('a response whose page went before there was a Response has no more than its grace', async () => {
  const { clock, tabs, ask, emitted } = createScene({ graceMs: 4_000 })
  const slow = streams([[0, say('late')]], { headersMs: 5_000, end: 'open' })
  const asked = ask('a', slow)
  await clock.advance(1_000)
  tabs.clear()
  await clock.advance(4_000)
  await asked
  await clock.advance(4_000)
  expect(emitted.at(-1)).toBe('9000 request_cancelled by grace')
})

test('a page that attaches to an unread response gets its statuses as its own', async () => {
  const { clock, kept, ask, owners } = createScene()
  const first = ask('a', SLOW)
  await clock.advance(2_500)
  const page = read(await first)
  const beside = read(await kept.attach('r1', 0, 'b'))
  expect(owners.at(-1)).toBe('a')
  kept.leaving('a')
  kept.leaving('b')
  await page.leave()
  await beside.leave()
  await kept.attach('r1', 0, 'b')
  expect(owners.at(-1)).toBe('b')
})

test('a response that a leaving page read to its end is news to the next one', async () => {
  const { clock, kept, ask } = createScene()
  const asked = ask('a', streams([[0, say('all') + FINISH + DONE]]), 'r1', { resumeId: 'chat' })
  await clock.advance(0)
  kept.leaving('a')
  read(await asked)
  await clock.advance(0)
  expect(await kept.list()).toMatchObject([{ verdict: 'complete', deliveredWhole: false }])
  const again = read(await kept.resume('chat', 'b'))
  await clock.advance(0)
  expect(again).toMatchObject({ text: say('all') + FINISH + DONE, state: 'closed' })
  expect(await kept.resume('chat', 'b')).toBeUndefined()
})

test('what one person asked for is not another’s: neither listed, nor given back, nor told', async () => {
  const { clock, kept, ask, emitted, user } = createScene()
  user.id = 'ann'
  const asked = ask('a', SLOW, 'r1', { resumeId: 'chat' })
  await clock.advance(2_500)
  read(await asked)
  user.id = 'bob'
  const before = emitted.length
  expect(await kept.list()).toEqual([])
  expect(await kept.attach('r1', 0, 'a')).toBeUndefined()
  expect(await kept.resume('chat', 'a')).toBeUndefined()
  expect(kept.stop('chat', 'a')).toBe(false)
  await clock.advance(20_000)
  expect(emitted).toHaveLength(before)
  user.id = 'ann'
  expect(await kept.list()).toMatchObject([{ verdict: 'complete' }])
})

test('the last reader, fallen too far behind, leaves a response that is ended as by any page that goes', async () => {
  const { clock, kept, ask, isStopped } = createScene()
  const big = say('x'.repeat(6 * 1024 * 1024))
  const asked = ask(
    'a',
    streams(
      Array.from({ length: 6 }, (_, n) => [n, big] as const),
      { end: 'open' },
    ),
  )
  await clock.advance(10)
  const behind = (await asked).body?.getReader()
  await behind?.read()
  const fast = read(await kept.attach('r1', 0, 'b'))
  await clock.advance(10)
  await fast.leave()
  expect(isStopped()).toBe(false)
  const broken = expect(behind?.read()).rejects.toThrow()
  await clock.advance(250)
  await broken
  await clock.advance(1_000)
  expect(isStopped()).toBe(true)
})

test('an early response begins with a byte of the worker’s own, which counts for nothing', async () => {
  const { clock, kept, ask } = createScene()
  const slow = streams([[0, say('late') + FINISH + DONE]], { headersMs: 29_000 })
  const asked = ask('a', slow)
  await clock.advance(20_000)
  const response = await asked
  expect(response.headers.get('X-Streamkeeper-Heartbeat')).toBe('1')
  const page = read(response)
  await clock.advance(0)
  expect(page.text).toBe('\n')
  await clock.advance(9_000)
  const whole = say('late') + FINISH + DONE
  expect(page).toMatchObject({ text: `\n${whole}`, state: 'closed' })
  expect(await kept.list()).toMatchObject([{ bytes: whole.length }])
  const rest = await kept.attach('r1', 3, 'b')
  expect(rest?.headers.has('X-Streamkeeper-Heartbeat')).toBe(false)
  expect(await rest?.text()).toBe(whole.slice(3))
})

test('no chat waits longer than 100 ms for storage', async () => {
  const never = new Promise<never>(() => {})
  const { clock, kept } = createScene({ journal: { ...NO_JOURNAL, flush: () => never } })
  const asked = {
    requestId: 'r1',
    clientId: 'a',
    digest: '',
    url: URL,
    keep: 'disk' as const,
    principal: null,
  }
  const { recorded } = kept.begin(asked, new AbortController())
  let isOver = false
  void recorded.then(() => (isOver = true))
  await clock.advance(99)
  expect(isOver).toBe(false)
  await clock.advance(1)
  expect(isOver).toBe(true)
})

test('a response that is not kept is no stream to others, and ends with its page', async () => {
  const { clock, kept, tabs, ask, emitted } = createScene()
  const asked = ask('a', SLOW, 'r1', { keep: false })
  await clock.advance(2_500)
  const page = read(await asked)
  expect(await kept.list()).toEqual([])
  tabs.clear()
  await page.leave()
  await clock.advance(0)
  expect(emitted.at(-1)).toBe('2500 request_cancelled by grace')
  expect(await kept.attach('r1', 0, 'a')).toBeUndefined()
})

test('a Stop of a response that is not kept is one, and no page that has gone', async () => {
  const { clock, ask, emitted } = createScene()
  const asked = ask('a', SLOW, 'r1', { keep: false })
  await clock.advance(2_500)
  await read(await asked).leave()
  await clock.advance(2_000)
  expect(emitted.at(-1)).toMatch(/request_cancelled by page$/)
})

test('an EventSource that nobody reads any more is ended: it comes back with a request of its own', async () => {
  const { clock, tabs, ask, emitted, isStopped } = createScene()
  const asked = ask('a', SLOW, 'r1', { isEventSource: true })
  await clock.advance(2_500)
  tabs.delete('a')
  await read(await asked).leave()
  await clock.advance(0)
  expect(isStopped()).toBe(true)
  expect(emitted.at(-1)).toMatch(/request_cancelled by grace$/)
})

test('another page that attaches before there is a Response does not get the statuses of the one that waits', async () => {
  const { clock, kept, ask, owners } = createScene()
  const asked = ask('a', SLOW)
  const attached = kept.attach('r1', 0, 'b')
  await clock.advance(1_500)
  read(await asked)
  read(await attached)
  await clock.advance(15_000)
  expect(owners.at(-1)).toBe('a')
})

test('Stop ends a response also while it waits for its reader', async () => {
  const { clock, ask, asked } = createScene()
  const big = say('x'.repeat(5 * 1024 * 1024))
  const response = ask(
    'a',
    streams(
      [
        [0, big],
        [1, big],
        [2, big],
      ],
      { end: 'open' },
    ),
  )
  await clock.advance(10)
  const frozen = await response
  asked[0]?.cancel()
  await clock.advance(0)
  const page = read(frozen)
  await clock.advance(250)
  expect(page).toMatchObject({ text: big + big, state: 'broken' })
})

describe('what is kept', () => {
  test('the loss of a response that has ended is told to nobody: its end was the last word', async () => {
    const { clock, kept, ask, tabs, emitted } = createScene()
    const asked = ask('a', SLOW)
    await clock.advance(2_500)
    const page = read(await asked)
    tabs.delete('a')
    await page.leave()
    await clock.advance(20_000)
    tabs.add('b')
    const again = read(await kept.attach('r1', 0, 'b'))
    await clock.advance(0)
    expect([again.state, again.text]).toEqual(['closed', TEXT])
    expect(emitted.at(-1)).toMatch(/ request_finished$/)
    expect(emitted.join()).not.toContain('stream_attached')
  })

  test('a cut response is given again with its end: never a clean one', async () => {
    const { clock, kept, ask } = createScene()
    const asked = ask('a', streams([[0, say('half')]], { end: 'reset' }))
    await clock.advance(0)
    const page = read(await asked)
    await clock.advance(250)
    const again = read(await kept.attach('r1', 0, 'b'))
    await clock.advance(249)
    // An error takes with it what the page has not read yet.
    expect(again).toMatchObject({ text: page.text, state: 'open' })
    await clock.advance(1)
    expect(page.state).toBe('broken')
    expect(again).toMatchObject({ text: page.text, state: 'broken' })
    expect(await kept.list()).toMatchObject([{ verdict: 'network_error', deliveredWhole: false }])
  })

  test('a stopped response that is given again ends in an error, too', async () => {
    const { clock, kept, ask } = createScene()
    const asked = ask('a', SLOW)
    await clock.advance(1_500)
    const first = read(await asked)
    const second = read(await kept.attach('r1', 0, 'b'))
    await clock.advance(0)
    await first.leave()
    await second.leave()
    await clock.advance(5_000)
    const again = read(await kept.attach('r1', 0, 'b'))
    await clock.advance(250)
    expect(again).toMatchObject({ text: say('word0 ') + say('word1 '), state: 'broken' })
    expect(await kept.list()).toMatchObject([{ verdict: 'cancelled' }])
  })

  test('is the upstream’s refusal as well, status and all', async () => {
    const { clock, kept, ask } = createScene()
    const asked = ask('a', whole(400, {}, 'no'))
    await clock.advance(0)
    await (await asked).text()
    const again = await kept.attach('r1', 0, 'b')
    expect([again?.status, await again?.text()]).toEqual([400, 'no'])
  })

  test('is nothing where no response came', async () => {
    const { clock, kept, ask } = createScene()
    const asked = ask('a', failsAfter())
    await clock.advance(60_000)
    expect((await asked).type).toBe('error')
    expect(await kept.list()).toEqual([])
    expect(await kept.attach('r1', 0, 'b')).toBeUndefined()
  })

  test('is let go after its time', async () => {
    const { clock, kept, ask } = createScene({ keepMs: 60_000 })
    const asked = ask('a', whole(200, { 'content-type': 'application/json' }, '{}'))
    await clock.advance(0)
    await (await asked).text()
    await clock.advance(59_999)
    expect(await kept.list()).toHaveLength(1)
    await clock.advance(1)
    expect(await kept.list()).toEqual([])
  })

  test('is at most 32 MB of what has ended; the oldest goes first', async () => {
    const { clock, kept, ask } = createScene()
    const big = streams([
      [0, say('x'.repeat(12 * 1024 * 1024))],
      [1, FINISH + DONE],
    ])
    for (const requestId of ['r1', 'r2', 'r3']) {
      const asked = ask('a', big, requestId)
      await clock.advance(1)
      read(await asked)
      await clock.advance(1)
    }
    expect((await kept.list()).map(({ requestId }) => requestId)).toEqual(['r2', 'r3'])
  })
})

describe('C5 the wall clock and the machine’s sleep', () => {
  test.each([-3_600_000, 3_600_000])(
    'a response can be read again as long as ever after a jump by %d ms',
    async (byMs) => {
      const { clock, kept, ask } = createScene({ keepMs: 60_000 })
      const asked = ask('a', SLOW)
      await clock.advance(2_000)
      read(await asked)
      await clock.advance(10_000)
      clock.jump(byMs)
      await clock.advance(50_000)
      expect(await kept.list()).toHaveLength(1)
      await clock.advance(10_000)
      expect(await kept.list()).toEqual([])
    },
  )

  test('an announcement of leaving holds no longer after the wall clock was set back', async () => {
    const { clock, kept, ask, isStopped } = createScene()
    const asked = ask('a', SLOW)
    await clock.advance(2_500)
    kept.leaving('a')
    clock.jump(-3_600_000)
    await clock.advance(5_000)
    const page = read(await asked)
    await clock.advance(0)
    await page.leave()
    await clock.advance(1_000)
    expect(isStopped()).toBe(true)
  })

  test('the grace of a response that nobody reads is not spent in a sleep', async () => {
    const { clock, tabs, ask, isStopped } = createScene()
    const asked = ask('a', streams([[1_000, say('a')]], { end: 'open' }))
    await clock.advance(1_500)
    const page = read(await asked)
    await clock.advance(0)
    tabs.clear()
    await page.leave()
    await clock.advance(1_000)
    await clock.freeze(3_600_000)
    expect(isStopped()).toBe(false)
    await clock.advance(30_000)
    expect(isStopped()).toBe(true)
  })
})

describe('S15 a page that announces its end and stays', () => {
  /** The page reads a response whole while it has announced that it may go. */
  async function readWhileLeaving() {
    const scene = createScene()
    const asked = scene.ask('a', SLOW, 'r1', { resumeId: 'chat' })
    await scene.clock.advance(9_000)
    read(await asked)
    await scene.clock.advance(500)
    scene.kept.leaving('a')
    await scene.clock.advance(1_500)
    const isDelivered = async () => (await scene.kept.list())[0]?.deliveredWhole
    return { ...scene, isDelivered }
  }

  test('has shown what it read, as soon as it says that it is there', async () => {
    const { kept, isDelivered } = await readWhileLeaving()
    expect(await isDelivered()).toBe(false)
    kept.staying('a')
    expect(await isDelivered()).toBe(true)
    expect(await kept.resume('chat', 'b')).toBeUndefined()
  })

  test('has so, too, where it does not say it but is there 5 s later', async () => {
    const { clock, isDelivered } = await readWhileLeaving()
    await clock.advance(5_000)
    expect(await isDelivered()).toBe(true)
  })

  test('one that went has not', async () => {
    const { clock, tabs, kept, isDelivered } = await readWhileLeaving()
    tabs.delete('a')
    await clock.advance(10_000)
    expect(await isDelivered()).toBe(false)
    expect((await kept.resume('chat', 'b'))?.status).toBe(200)
  })

  test('another page’s word does not count for it', async () => {
    const { kept, isDelivered } = await readWhileLeaving()
    kept.staying('b')
    expect(await isDelivered()).toBe(false)
  })

  test('what it gives up after that is a Stop', async () => {
    const { clock, kept, ask, isStopped } = createScene()
    const asked = ask('a', SLOW)
    await clock.advance(2_500)
    const page = read(await asked)
    kept.leaving('a')
    kept.staying('a')
    await page.leave()
    await clock.advance(1_000)
    expect(isStopped()).toBe(true)
  })
})

describe('S16 a dedicated Worker’s chat', () => {
  async function terminate(before: (scene: ReturnType<typeof createScene>) => void = () => {}) {
    const scene = createScene()
    scene.tabs.add('worker')
    const asked = scene.ask('worker', SLOW)
    await scene.clock.advance(2_500)
    const page = read(await asked)
    await scene.clock.advance(100)
    before(scene)
    scene.tabs.delete('worker')
    await page.leave()
    await scene.clock.advance(1_500)
    return scene
  }

  test('the chat of a dedicated Worker that was terminated is stopped', async () => {
    expect((await terminate()).isStopped()).toBe(true)
  })

  test.each([
    ['its page went with it', ({ tabs }: ReturnType<typeof createScene>) => tabs.delete('a')],
    ['its page says that it goes', ({ kept }: ReturnType<typeof createScene>) => kept.leaving('a')],
    ['all pages went', ({ tabs }: ReturnType<typeof createScene>) => tabs.clear()],
  ])('goes on where %s', async (_name, before) => {
    expect((await terminate(before)).isStopped()).toBe(false)
  })

  test('is stopped, too, where another page came meanwhile', async () => {
    expect((await terminate(({ tabs }) => tabs.add('c'))).isStopped()).toBe(true)
  })
})

test.each(['X-Streamkeeper-Heartbeat', 'x-streamkeeper-heartbeat', 'X-STREAMKEEPER-HEARTBEAT'])(
  'S19 an upstream’s %s is not ours, and not handed on',
  async (name) => {
    const { clock, ask } = createScene()
    const asked = ask('a', streams([[0, TEXT]], { headers: { [name]: '7' } }))
    await clock.advance(1_000)
    expect((await asked).headers.has(name)).toBe(false)
  },
)
