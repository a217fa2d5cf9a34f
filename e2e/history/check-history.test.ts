import { describe, expect, test } from 'vitest'
import { checkHistory } from './check-history.ts'
import { fromLines, type HistoryEvent, toLines } from './history.ts'

/** Ada saves two messages of one conversation; Bob signs in and saves one; Ada comes back. */
const SOUND: HistoryEvent[] = [
  { at: 0, by: 'page', do: 'signing in', who: 'ada' },
  { at: 5, by: 'page', do: 'signed in', who: 'ada' },
  { at: 10, by: 'page', do: 'save', message: 'a1', conversation: 'c', who: 'ada' },
  { at: 20, by: 'page', do: 'accepted', message: 'a1', entryId: 'e1' },
  { at: 30, by: 'page', do: 'save', message: 'a2', conversation: 'c', who: 'ada' },
  { at: 40, by: 'page', do: 'accepted', message: 'a2', entryId: 'e2' },
  { at: 50, by: 'server', do: 'received', message: 'a1', as: 'ada', key: 'k1', isSaved: true },
  { at: 60, by: 'test', do: 'killed' },
  // It was saved, but the answer was lost.
  { at: 100, by: 'server', do: 'received', message: 'a1', as: 'ada', key: 'k1', isSaved: false },
  { at: 110, by: 'worker', do: 'told', status: 'save_sent', entryId: 'e1' },
  { at: 200, by: 'page', do: 'signing in', who: 'bob' },
  { at: 210, by: 'page', do: 'signed in', who: 'bob' },
  { at: 220, by: 'page', do: 'save', message: 'b1', conversation: 'c', who: 'bob' },
  { at: 230, by: 'page', do: 'accepted', message: 'b1', entryId: 'e3' },
  { at: 400, by: 'page', do: 'discarded', message: 'b1' },
  { at: 500, by: 'page', do: 'signing in', who: 'ada' },
  { at: 510, by: 'page', do: 'signed in', who: 'ada' },
  { at: 700, by: 'server', do: 'received', message: 'a2', as: 'ada', key: 'k2', isSaved: true },
  { at: 710, by: 'worker', do: 'told', status: 'save_sent', entryId: 'e2' },
]

/** The same, with something else at the place of one event. */
function planted(find: Partial<HistoryEvent>, ...instead: HistoryEvent[]): HistoryEvent[] {
  const at = SOUND.findIndex((event) =>
    Object.entries(find).every(([key, value]) => Reflect.get(event, key) === value),
  )
  if (at < 0) throw new Error('No such event')
  return SOUND.toSpliced(at, 1, ...instead)
}

test('a sound history has no fault, in whatever order it was written down', () => {
  expect(checkHistory(SOUND)).toEqual([])
  expect(checkHistory(SOUND.toReversed())).toEqual([])
  expect(checkHistory(fromLines(toLines(SOUND)))).toEqual([])
})

describe('checkHistory() finds', () => {
  const received = (message: string, at: number, key: string, isSaved = true, as: string | null = 'ada') =>
    ({ at, by: 'server', do: 'received', message, as, key, isSaved }) as const

  test.each<[string, HistoryEvent[], string]>([
    ['a message that is lost', planted({ at: 700 }), 'a2 was accepted and is lost'],
    [
      'one that reached the server and was not saved',
      planted({ at: 700 }, received('a2', 700, 'k2', false)),
      'a2 was accepted and is lost',
    ],
    ['an effect twice', planted({ at: 100 }, received('a1', 100, 'k1')), 'a1 took effect twice'],
    ['a second key', planted({ at: 100 }, received('a1', 100, 'k9', false)), 'a1 was sent with two keys'],
    ['another’s key', planted({ at: 700 }, received('a2', 700, 'k1')), 'a2 was sent with the key of a1'],
    [
      'a wrong order',
      planted({ at: 60 }, received('a2', 45, 'k2')).filter(({ at }) => at !== 700),
      'a2 took effect before a1',
    ],
    [
      'one that is sent with the cookie of another',
      planted({ at: 700 }, received('a2', 450, 'k2', true, 'bob')),
      'a2 of ada was received as of bob',
    ],
    [
      'one that is sent with it at a time when its sender is signed in, too',
      planted({ at: 100 }, received('a1', 100, 'k1', false, 'bob')),
      'a1 of ada was received as of bob',
    ],
    [
      'one that is sent while nobody is signed in',
      planted({ at: 700 }, received('a2', 505, 'k2', true, null)),
      'a2 of ada was received as of nobody',
    ],
    [
      'one that is sent after it was discarded',
      planted({ at: 60 }, received('b1', 505, 'k3')),
      'b1 was sent after it was discarded',
    ],
    [
      'a word of success that is not true',
      planted({ at: 700 }, { at: 700, by: 'page', do: 'left', message: 'a2', state: 'dead' }),
      'a2 was told to be sent and is not',
    ],
    [
      'the same word twice',
      planted({ at: 60 }, { at: 720, by: 'worker', do: 'told', status: 'save_sent', entryId: 'e2' }),
      'a2 was told to be sent twice',
    ],
  ])('%s', (_name, events, fault) => {
    expect(checkHistory(events)).toContain(fault)
  })
})

test.each<[string, HistoryEvent[]]>([
  [
    'a dead letter that is left',
    planted({ at: 700 }, { at: 700, by: 'page', do: 'left', message: 'a2', state: 'dead' }).filter(
      ({ at }) => at !== 710,
    ),
  ],
  [
    'a dead letter that a person sent again, out of order',
    planted({ at: 60 }, { at: 800, by: 'page', do: 'retried', message: 'a1' }),
  ],
  [
    'a request on its way while somebody signs in',
    planted(
      { at: 100 },
      { at: 450, by: 'server', do: 'received', message: 'a1', as: 'ada', key: 'k1', isSaved: false },
    ),
  ],
  [
    'a message whose server tells nobody from another',
    planted({ at: 100 }, { at: 100, by: 'server', do: 'received', message: 'a1', key: 'k1', isSaved: false }),
  ],
])('%s is none', (_name, events) => {
  expect(checkHistory(events)).toEqual([])
})
