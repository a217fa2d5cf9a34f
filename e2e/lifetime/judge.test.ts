import { expect, test } from 'vitest'
import { judge } from './judge.ts'
import type { Seen } from './page/seen.ts'
import type { Scenario } from './scenarios.ts'

const SCENARIO: Scenario = {
  number: 1,
  title: 'a stream',
  model: 'gpt-4o',
  stream: true,
  silenceMs: 0,
  durationMs: 60_000,
}
const HIDDEN = { ...SCENARIO, hideAtMs: 10_000 }
const CONTROL = { ...SCENARIO, isControl: true }
const SENT = { requests: 1, text: 'data: 1\n\ndata: 2\n\n', isWhole: true }
const SEEN: Seen = {
  text: SENT.text,
  isEnded: true,
  durationMs: 60_400,
  maxLagMs: 20,
  end: 'request_finished',
  wasShownAgain: false,
  slowestTickMs: 1_000,
}

test.each<[string, Scenario, Partial<Seen>, string[]]>([
  ['a whole stream is as it should be', SCENARIO, {}, []],
  [
    'a cut that looks like an end is found',
    SCENARIO,
    { text: 'data: 1\n\n' },
    ['cut at 60 s with a clean end, after 9 of 18 characters sent'],
  ],
  [
    'a broken stream says with what',
    SCENARIO,
    { text: 'data: 1\n\n', isEnded: false, error: 'TypeError: network error', durationMs: 308_000 },
    ['cut at 308 s by TypeError: network error, after 9 of 18 characters sent'],
  ],
  ['other bytes are found', SCENARIO, { text: `${SENT.text}\n` }, ['other bytes than were sent']],
  ['an end that is not told is found', SCENARIO, { end: 'request_failed' }, ['the end told: request_failed']],
  ['so is a stream that lags', SCENARIO, { maxLagMs: 2_001 }, ['out of step']],
  ['a hidden page must have been hidden', HIDDEN, {}, ['the page was not hidden to its end']],
  [
    'and must have stayed so',
    HIDDEN,
    { hiddenAtMs: 10_000, wasShownAgain: true },
    ['the page was not hidden to its end'],
  ],
  ['a hidden page that was is as it should be', HIDDEN, { hiddenAtMs: 10_000 }, []],
  ['a visible one must not have been', SCENARIO, { hiddenAtMs: 10_000 }, ['the page was hidden']],
  ['the control must be cut', CONTROL, {}, ['not cut: nothing is proved by the other rows']],
  ['and is', CONTROL, { text: '', isEnded: false }, []],
])('%s', (_, scenario, seen, problems) => {
  expect(judge(scenario, SENT, { ...SEEN, ...seen })).toEqual(problems)
})

test('a cut that the upstream saw, too, is found', () => {
  const sent = { ...SENT, isWhole: false }
  expect(judge(SCENARIO, sent, SEEN)).toEqual([
    'cut at 60 s with a clean end, after 18 of 18 characters sent',
  ])
  expect(judge(CONTROL, sent, SEEN)).toEqual([])
})

test('a second request is found, and a page that told nothing', () => {
  expect(judge(SCENARIO, { ...SENT, requests: 2 }, SEEN)).toEqual(['2 requests'])
  expect(judge(SCENARIO, SENT, undefined)).toEqual(['the page told nothing'])
})

test('where a second request is expected, there must be one', () => {
  const twice = { ...SCENARIO, requests: 2 }
  expect(judge(twice, { ...SENT, requests: 2 }, SEEN)).toEqual([])
  expect(judge(twice, SENT, SEEN)).toEqual(['1 requests'])
})

test('a response whose page had closed is told as what it is', () => {
  const closed = { ...SCENARIO, closeAtMs: 8_000, closedForMs: 20_000 }
  const cut = { ...SEEN, text: 'data: 1\n\n', isEnded: false, error: 'TypeError' }
  const told = (verdict: 'complete' | 'worker_lost') => ({ later: { listedMs: 10, verdict } })
  expect(judge(closed, SENT, { ...SEEN, ...told('complete') })).toEqual([])
  expect(judge(closed, SENT, { ...cut, ...told('worker_lost') })).toEqual([])
  const notice = 'data: {"error":{"message":"cut","type":"streamkeeper_error","code":"worker_lost"}}\n\n'
  const noticed = { ...cut, text: cut.text + notice }
  expect(judge(closed, SENT, { ...noticed, ...told('worker_lost') })).toEqual([])
  expect(judge(closed, SENT, { ...noticed, isEnded: true, ...told('worker_lost') })).toContain(
    'other bytes than were sent',
  )
  expect(judge(closed, SENT, { ...cut, ...told('complete') })).toEqual([
    'told as complete: cut at 60 s by TypeError, after 9 of 18 characters sent',
  ])
  expect(judge(closed, SENT, { ...SEEN, ...told('worker_lost') })).toEqual(['told as worker_lost: whole'])
  expect(judge(closed, SENT, cut)).toContain('the answer’s end was not told')
})
