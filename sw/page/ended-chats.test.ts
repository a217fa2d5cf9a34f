import { beforeEach, describe, expect, test } from 'vitest'
import { deferred } from '../../core/deferred.ts'
import type { NotificationsOptions } from '../../core/options/options.ts'
import type { Unseen } from '../../core/messages/message.ts'
import { createFakeDatabase, type FakeDatabase } from '../testing/fake-database.ts'
import { createQuietClock } from '../testing/quiet-clock.ts'
import { createEndedChats, type EndedChat, type EndedChatsContext } from './ended-chats.ts'
import { createNotifications } from './notifications.ts'
import { openUnseen, type UnseenStore } from './unseen.ts'

const SCOPE = 'https://app.example/'
const OPTIONS: NotificationsOptions = {
  finished: { title: 'Answered', body: 'text' },
  failed: { title: 'No answer', body: 'Try again' },
}

interface Shown {
  title: string
  body?: string
  tag?: string
  data: unknown
  close: () => void
}

let database: FakeDatabase

beforeEach(() => {
  database = createFakeDatabase()
})

/** A worker, its pages and what the browser shows. */
function createScene(
  options: NotificationsOptions | undefined = OPTIONS,
  more: Partial<EndedChatsContext> = {},
) {
  const clock = createQuietClock()
  const user: { id: string | null | undefined } = { id: null }
  const browser = {
    permission: 'granted',
    /** The user's visible notifications. */
    shown: [] as Shown[],
    pages: [] as { id: string; url: string; visibilityState: string }[],
    focused: [] as string[],
    opened: [] as string[],
    refusesFocus: false,
    /** Called while it shows a notification. */
    whenShown: (): unknown => undefined,
    /** Called while it lists notifications. */
    whenListed: (): unknown => undefined,
    showing: new Set<Shown>(),
    /** Shown while it was asked which there are: these are never listed. */
    unlisted: new Set<Shown>(),
  }
  const pages = async () =>
    browser.pages.map((page) => ({
      ...page,
      focus: async () => {
        if (browser.refusesFocus) throw new TypeError('Not allowed')
        browser.focused.push(page.id)
        return page
      },
    })) as unknown as WindowClient[]
  const notifications = createNotifications({
    clock,
    scope: SCOPE,
    isGranted: () => browser.permission === 'granted',
    registration: {
      showNotification: async (title, { tag, ...rest } = {}) => {
        browser.shown = browser.shown.filter((each) => each.tag !== tag)
        const notification: Shown = {
          title,
          ...(tag === undefined ? {} : { tag }),
          ...(rest as { body?: string; data: unknown }),
          close: () => (browser.shown = browser.shown.filter((each) => each !== notification)),
        }
        browser.shown = [...browser.shown, notification]
        browser.showing.add(notification)
        await Promise.resolve()
        await browser.whenShown()
        browser.showing.delete(notification)
      },
      getNotifications: async () => {
        const before = browser.shown
        for (const each of browser.showing) browser.unlisted.add(each)
        await browser.whenListed()
        for (const each of browser.shown) if (!before.includes(each)) browser.unlisted.add(each)
        return before.filter((each) => !browser.unlisted.has(each)) as unknown as Notification[]
      },
    },
    openWindow: async (url) => {
      browser.opened.push(String(url))
      return null
    },
    pages,
  })
  const emitted: Unseen[] = []
  const chats = createEndedChats({
    clock,
    options,
    principal: {
      current: () => user.id,
      known: () => (user.id === undefined ? Promise.reject(new Error('refused')) : Promise.resolve(user.id)),
    },
    store: openUnseen(SCOPE, clock),
    notifications,
    pages,
    emit: async (count) => void emitted.push(await count()),
    ...more,
  })
  const chat = (more: Partial<EndedChat> = {}): EndedChat => ({
    requestId: 'r1',
    clientId: 'a',
    principal: null,
    digest: 'd1',
    conversation: 'c1',
    isFailed: false,
    firstWords: async (limit) => 'All is well'.slice(0, limit),
    pageUrl: Promise.resolve(`${SCOPE}chats/1`),
    ...more,
  })
  const page = (id: string, visibilityState = 'hidden', path = '') =>
    browser.pages.push({ id, url: SCOPE + path, visibilityState })
  /** A chat ends, and nothing happens for a while. */
  const end = async (more: Partial<EndedChat> = {}) => {
    void chats.ended(chat(more))
    await clock.advance(5_000)
  }
  const click = async (index = 0) => {
    const notification = browser.shown[index] as unknown as Notification
    const handled = notifications.clicked(notification)
    await handled
    return handled !== undefined
  }
  return { clock, user, browser, notifications, chats, chat, page, end, click, emitted }
}

describe('a chat that ends', () => {
  test('while every page is hidden is told to the person, and is unseen', async () => {
    const { browser, chats, page, end, emitted } = createScene()
    page('a')
    await end()
    expect(browser.shown).toMatchObject([
      {
        title: 'Answered',
        body: 'All is well',
        tag: 'c1',
        data: { streamkeeper: { requestId: 'r1', conversation: 'c1', clientId: 'a' } },
      },
    ])
    expect(await chats.unseen()).toEqual({ c1: 1 })
    expect(emitted).toEqual([{ c1: 1 }])
  })

  test('while there is no page at all, too', async () => {
    const { browser, chats, end } = createScene()
    await end()
    expect(browser.shown).toHaveLength(1)
    expect(await chats.unseen()).toEqual({ c1: 1 })
  })

  test('while one of several pages is visible is not', async () => {
    const { browser, chats, page, end, emitted } = createScene()
    page('a')
    page('b', 'visible')
    await end()
    expect([browser.shown, await chats.unseen(), emitted]).toEqual([[], {}, []])
  })

  test('while its page reloads is not', async () => {
    const { browser, chats, chat, page, clock } = createScene()
    page('hidden')
    void chats.ended(chat())
    await clock.advance(1_999)
    page('again', 'visible')
    await clock.advance(5_000)
    expect([browser.shown, await chats.unseen()]).toEqual([[], {}])
  })

  test('badly is told in the words for that', async () => {
    const { browser, chats, end } = createScene()
    await end({ isFailed: true })
    expect(browser.shown).toMatchObject([{ title: 'No answer', body: 'Try again' }])
    expect(await chats.unseen()).toEqual({ c1: 1 })
  })

  test.each([
    ['no words are configured', undefined],
    ['those for a failure alone are', { failed: { title: 'No answer' } }],
  ])('is unseen, but not told, where %s', async (_why, options) => {
    const { browser, chats, end } = createScene(options ?? {})
    await end()
    expect([browser.shown, await chats.unseen()]).toEqual([[], { c1: 1 }])
  })

  test.each(['default', 'denied'])(
    'is unseen, but not told, where the permission is %s',
    async (permission) => {
      const { browser, chats, end } = createScene()
      browser.permission = permission
      await end()
      expect([browser.shown, await chats.unseen()]).toEqual([[], { c1: 1 }])
    },
  )

  test('a chat of no conversation is told under its own name, and marks nothing', async () => {
    const { browser, chats, end } = createScene()
    await end({ conversation: undefined })
    await end({ conversation: undefined, requestId: 'r2' })
    expect(browser.shown.map(({ tag }) => tag)).toEqual(['r1', 'r2'])
    expect(await chats.unseen()).toEqual({})
  })

  test('in the same conversation as another takes the place of its notification, and both count', async () => {
    const { browser, chats, end } = createScene()
    await end()
    await end({ requestId: 'r2' })
    await end({ requestId: 'r3', conversation: 'c2' })
    expect(browser.shown.map(({ tag }) => tag)).toEqual(['c1', 'c2'])
    expect(await chats.unseen()).toEqual({ c1: 2, c2: 1 })
  })

  test.each<[string, NotificationsOptions, string]>([
    ['has no body where its words are not known', OPTIONS, ''],
    ['has no body where the app wants none', { finished: { title: 'Answered' } }, 'All is well'],
  ])('%s', async (_what, options, words) => {
    const { browser, end } = createScene(options)
    await end({ firstWords: async () => words })
    expect(browser.shown).toHaveLength(1)
    expect(browser.shown[0]).not.toHaveProperty('body')
  })

  test('a chat of somebody who is not known is nobody’s', async () => {
    const { browser, chats, user, end } = createScene()
    await end({ principal: undefined })
    user.id = undefined
    await end()
    await end({ principal: undefined })
    user.id = null
    expect([browser.shown, await chats.unseen()]).toEqual([[], {}])
  })

  test('is told where the storage refuses, too', async () => {
    database.fault = () => new Error('refused')
    const { browser, chats, end } = createScene()
    await end()
    expect(browser.shown).toHaveLength(1)
    expect(await chats.unseen()).toEqual({})
  })

  test('holds up nobody who asks what is unseen, should the storage hang', async () => {
    database.fault = () => 'hang'
    const { clock, chats } = createScene()
    let found: Unseen | undefined
    void chats.unseen().then((unseen) => (found = unseen))
    await clock.advance(1_000)
    expect(found).toEqual({})
  })

  test('is settled when it has been told', async () => {
    const { browser, clock, chats, chat } = createScene()
    void chats.ended(chat())
    let isSettled = false
    void chats.settled().then(() => (isSettled = true))
    await clock.advance(1_999)
    expect([isSettled, browser.shown.length]).toEqual([false, 0])
    await clock.advance(1)
    expect([isSettled, browser.shown.length]).toEqual([true, 1])
  })
})

test('seen() takes the mark of one conversation away, and pages are told', async () => {
  const { chats, end, emitted } = createScene()
  await end()
  await end({ conversation: 'c2' })
  await chats.seen('c1')
  expect(await chats.unseen()).toEqual({ c2: 1 })
  expect(emitted.at(-1)).toEqual({ c2: 1 })
})

describe('when somebody else signs in', () => {
  test('what the person before was told is closed, and their marks are theirs', async () => {
    const { browser, chats, user, end, emitted } = createScene()
    user.id = 'ann'
    await end({ principal: 'ann' })
    user.id = 'bob'
    await end({ principal: 'bob', conversation: 'c2' })
    chats.principalChanged()
    await chats.settled()
    await new Promise(setImmediate)
    expect(browser.shown.map(({ tag }) => tag)).toEqual(['c2'])
    expect(await chats.unseen()).toEqual({ c2: 1 })
    expect(emitted.at(-1)).toEqual({ c2: 1 })
    user.id = 'ann'
    expect(await chats.unseen()).toEqual({ c1: 1 })
  })

  test('what the person before has asked is not told', async () => {
    const { browser, clock, chats, chat, user, end } = createScene()
    user.id = 'ann'
    void chats.ended(chat({ principal: 'ann' }))
    await clock.advance(1_000)
    user.id = 'bob'
    await clock.advance(5_000)
    await end({ principal: 'ann' })
    expect(browser.shown).toEqual([])
    user.id = 'ann'
    expect(await chats.unseen()).toEqual({})
  })

  test('in the moment in which it is shown, it is closed', async () => {
    const { browser, chats, user, end } = createScene()
    user.id = 'ann'
    browser.whenShown = async () => {
      user.id = 'bob'
      chats.principalChanged()
      await new Promise(setImmediate)
    }
    await end({ principal: 'ann' })
    expect(browser.shown).toEqual([])
  })

  test('while others are closed, it is not shown', async () => {
    const { browser, chats, clock, chat, user, end } = createScene()
    user.id = 'ann'
    await end({ principal: 'ann' })
    void chats.ended(chat({ principal: 'ann', conversation: 'c2' }))
    await clock.advance(1_999)
    const shown: Shown[][] = []
    browser.whenShown = () => shown.push([...browser.shown])
    clock.timer(1, () => {
      user.id = 'bob'
      chats.principalChanged()
    })
    await clock.advance(5_000)
    expect([browser.shown, shown]).toEqual([[], []])
  })

  test('what is shown while that is closed can be closed, too', async () => {
    const { browser, chats, user, end } = createScene()
    user.id = 'ann'
    await end({ principal: 'ann' })
    user.id = 'bob'
    const listed = deferred<void>()
    browser.whenListed = () => listed.promise
    chats.principalChanged()
    await end({ principal: 'bob', conversation: 'c2' })
    listed.resolve()
    await chats.settled()
    expect(browser.shown.map(({ tag }) => tag)).toEqual(['c2'])
    await chats.clear()
    expect(browser.shown).toEqual([])
  })

  test('what was being counted for the person before is not told', async () => {
    const counted = deferred<void>()
    const store: UnseenStore = {
      add: async () => {},
      remove: async () => {},
      clear: async () => {},
      counts: async (principal) => {
        if (principal !== 'ann') return { c2: 1 }
        await counted.promise
        return { c1: 1 }
      },
    }
    const { chats, user, emitted } = createScene(OPTIONS, { store })
    user.id = 'ann'
    const seeing = chats.seen('c3')
    await new Promise(setImmediate)
    user.id = 'bob'
    counted.resolve()
    await seeing
    expect(emitted).toEqual([{}])
    expect(await chats.unseen()).toEqual({ c2: 1 })
  })
})

describe('a chat that fails, and whose client asks again', () => {
  test('at once, is neither told nor unseen', async () => {
    const { browser, clock, chats, chat, end } = createScene()
    void chats.ended(chat({ isFailed: true }))
    await clock.advance(1_999)
    chats.asked({ clientId: 'a', digest: 'd1' })
    await end({ requestId: 'r2' })
    expect(browser.shown).toMatchObject([{ title: 'Answered' }])
    expect(await chats.unseen()).toEqual({ c1: 1 })
  })

  test('in vain, is told once', async () => {
    const { browser, clock, chats, chat } = createScene()
    for (const requestId of ['r1', 'r2', 'r3']) {
      chats.asked({ clientId: 'a', digest: 'd1' })
      void chats.ended(chat({ requestId, conversation: undefined, isFailed: true }))
      await clock.advance(1_000)
    }
    await clock.advance(5_000)
    expect(browser.shown).toMatchObject([{ title: 'No answer', tag: 'r3' }])
  })

  test.each([
    ['something else', { clientId: 'a', digest: 'd2' }],
    ['in another page', { clientId: 'b', digest: 'd1' }],
  ])('%s, is told', async (_what, asked) => {
    const { browser, clock, chats, chat } = createScene()
    void chats.ended(chat({ isFailed: true }))
    await clock.advance(1_000)
    chats.asked(asked)
    await clock.advance(5_000)
    expect(browser.shown).toMatchObject([{ title: 'No answer' }])
    expect(await chats.unseen()).toEqual({ c1: 1 })
  })

  test('after it was answered, takes nothing of that', async () => {
    const { browser, clock, chats, chat } = createScene()
    void chats.ended(chat())
    await clock.advance(1_000)
    chats.asked({ clientId: 'a', digest: 'd1' })
    await clock.advance(5_000)
    expect(browser.shown).toMatchObject([{ title: 'Answered' }])
  })
})

describe('clear()', () => {
  test('closes what is shown, but not what the app shows, and forgets the marks', async () => {
    const { browser, chats, end, emitted } = createScene()
    await end()
    const theirs = { title: 'Theirs', data: { conversation: 'c1' }, close: () => {} }
    browser.shown.push(theirs, { title: 'Plain', data: null, close: () => {} })
    await chats.clear()
    expect(browser.shown.map(({ title }) => title)).toEqual(['Theirs', 'Plain'])
    expect(await chats.unseen()).toEqual({})
    expect(emitted.at(-1)).toEqual({})
  })

  test('ends what was about to be told', async () => {
    const { browser, clock, chats, chat } = createScene()
    void chats.ended(chat())
    await clock.advance(1_000)
    await chats.clear()
    await clock.advance(5_000)
    expect([browser.shown, await chats.unseen()]).toEqual([[], {}])
  })

  test('in the moment in which one is shown closes that, too', async () => {
    const { browser, chats, end } = createScene()
    browser.whenShown = async () => {
      void chats.clear()
      await new Promise(setImmediate)
    }
    await end()
    expect(browser.shown).toEqual([])
  })

  test('forgets the marks, should the browser never be done with showing one', async () => {
    const { browser, chats, clock, end } = createScene()
    browser.whenShown = () => new Promise(() => {})
    await end()
    let isDone = false
    void chats.clear().then(() => (isDone = true))
    await clock.advance(5_000)
    expect([isDone, await chats.unseen()]).toEqual([true, {}])
  })

  test('rejects when the storage refuses, and has closed what is shown', async () => {
    const { browser, chats, end } = createScene()
    database.fault = () => new Error('refused')
    await end()
    await expect(chats.clear()).rejects.toThrow('refused')
    expect(browser.shown).toEqual([])
  })
})

describe('a click', () => {
  test('shows the page that asked', async () => {
    const { browser, page, end, click } = createScene()
    page('front')
    page('a', 'hidden', 'chats/2')
    await end()
    expect(await click()).toBe(true)
    expect([browser.focused, browser.opened, browser.shown]).toEqual([['a'], [], []])
  })

  test('where that is gone, shows the page that has its URL now, else the one in front', async () => {
    const { browser, page, end, click } = createScene()
    page('front')
    page('again', 'hidden', 'chats/1')
    await end()
    await click()
    browser.pages.pop()
    await end()
    await click()
    expect([browser.focused, browser.opened]).toEqual([['again', 'front'], []])
  })

  test('where there is no page, or none can be shown, opens the one that asked', async () => {
    const { browser, page, end, click } = createScene()
    await end()
    await click()
    page('a')
    browser.refusesFocus = true
    await end()
    await click()
    expect([browser.focused, browser.opened]).toEqual([[], [`${SCOPE}chats/1`, `${SCOPE}chats/1`]])
  })

  test('where nobody knows which page that was, opens the app', async () => {
    const { browser, end, click } = createScene()
    await end({ pageUrl: undefined })
    await click()
    expect(browser.opened).toEqual([SCOPE])
  })

  test('on a notification of the app’s own is the app’s', async () => {
    const { browser, click } = createScene()
    for (const data of [null, 'text', { url: '/' }]) {
      browser.shown = [{ title: 'Theirs', data, close: () => (browser.shown = []) }]
      expect(await click()).toBe(false)
      expect(browser.shown).toHaveLength(1)
    }
    expect([browser.focused, browser.opened]).toEqual([[], []])
  })
})

test('where a browser has no notifications nothing throws', async () => {
  const notifications = createNotifications({
    clock: createQuietClock(),
    scope: SCOPE,
    registration: {},
    isGranted: () => true,
    openWindow: async () => null,
    pages: async () => [],
  })
  const { chats, end } = createScene(OPTIONS, { notifications })
  await end()
  chats.principalChanged()
  await chats.clear()
})
