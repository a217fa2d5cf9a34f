import { setTimeout as sleep } from 'node:timers/promises'
import type { Look, Page } from '../../support/page.ts'
import { waitForIn } from '../wait-for-in.ts'
import { type WebDriver, WebDriverError } from './web-driver.ts'

/** Browser functions that a page needs and WebDriver lacks. */
export interface Browser {
  newPage: () => Promise<Page>
  /** Comes before every address that a page goes to. */
  beforeGoing: () => Promise<void>
  /** Reloads, past every cache and worker, the page that has this title. */
  reloadHard: (title: string) => Promise<void>
  /** Gives every page that look. */
  look: (how: Look) => Promise<void>
  /** Takes a picture of the page that has this title. */
  picture: (title: string) => Promise<Uint8Array>
  /** Shows the page that has this title. */
  show: (title: string) => Promise<void>
}

/** How long something may take to be there, how often it is looked for, ms. */
const PATIENCE_MS = 15_000
const LOOK_MS = 25

/** The key, as WebDriver names it. */
const ESCAPE = '\uE00C'

/** A promise that has not settled by then is asked for again and again, so that other pages get their turn. ms */
const WAIT_IN_PAGE_MS = 20

/** A window of WebKit's. */
export function createWebKitPage(driver: WebDriver, handle: string, browser: Browser): Page {
  const command: WebDriver['call'] = (method, path, body) =>
    driver.inWindow(handle, () => driver.call(method, path, body))

  const run = (script: string, ...args: unknown[]) => command('POST', '/execute/sync', { script, args })

  const evaluate: Page['evaluate'] = async (run: (argument?: unknown) => unknown, argument?: unknown) => {
    const id = crypto.randomUUID()
    const given = argument === undefined ? 'undefined' : JSON.stringify(argument)
    let result = (await command('POST', '/execute/async', {
      script: EVALUATE.replace('$run', () => String(run)).replace('$given', () => given),
      args: [id, WAIT_IN_PAGE_MS],
    })) as Evaluated
    for (let waitMs = 5; result === 'later'; waitMs = Math.min(2 * waitMs, 50)) {
      await sleep(waitMs)
      result = (await command('POST', '/execute/sync', { script: LOOK_AGAIN, args: [id] })) as Evaluated
    }
    if ('error' in result) throw new Error(result.error)
    return revive(JSON.parse(result.value)) as never
  }

  /** WebDriver may return from a navigation before the new document is there: the old one is marked. */
  const leave = async (how: () => Promise<unknown>) => {
    await run('window.isLeft = true').catch(() => {}) // There may be nothing to mark yet.
    await how()
    await until(async () => run('return !window.isLeft && document.readyState === "complete"'))
  }

  /** Waits for an element that can be clicked. */
  const find = (selector: string) =>
    until(async () => {
      const found = (await run(FIND, selector)) as Record<string, string> | null
      return found && Object.values(found)[0]
    }, selector)

  /** The browser knows a page by a title of its own. */
  const byTitle = async <Result>(act: (title: string) => Promise<Result>): Promise<Result> => {
    const title = crypto.randomUUID()
    const before = await run('const { title } = document; document.title = arguments[0]; return title', title)
    // It learns of the title a moment later.
    const done = await until(() =>
      act(title).then(
        (result) => ({ result }),
        () => undefined,
      ),
    )
    await run('document.title = arguments[0]', before).catch(() => {}) // It may be gone by now.
    return done.result
  }

  const click = async (selector: string) => {
    const noticedAt = Date.now()
    await until(async () => {
      const element = await find(selector)
      try {
        await command('POST', `/element/${element}/click`, {})
      } catch (error) {
        if (!(error instanceof WebDriverError)) throw error
        // Drawn anew, or covered for the moment; a label around its input it never takes for something to click.
        if (error.code !== 'element not interactable' || Date.now() < noticedAt + 500) return false
        await run('document.querySelector(arguments[0]).click()', selector)
      }
      return true
    }, selector)
  }

  return {
    goto: async (url) => {
      await browser.beforeGoing()
      await leave(() => command('POST', '/url', { url }))
    },
    reload: async ({ hard = false } = {}) => {
      if (!hard) return leave(() => command('POST', '/refresh', {}))
      await leave(() => byTitle(browser.reloadHard))
    },
    evaluate,
    waitFor: waitForIn(evaluate),
    look: async (how) => {
      await browser.look(how)
      await until(() =>
        evaluate(
          ({ colorScheme, size }) =>
            matchMedia(`(prefers-color-scheme: ${colorScheme})`).matches && innerWidth === size.width,
          how,
        ),
      )
    },
    picture: () => byTitle(browser.picture),
    fill: async (selector, text) => {
      await find(selector)
      await run(
        `const element = document.querySelector(arguments[0])
        element.focus()
        element.select()
        document.execCommand('insertText', false, arguments[1])`,
        selector,
        text,
      )
    },
    click,
    pressEscape: async () => {
      const keys = ['keyDown', 'keyUp'].map((type) => ({ type, value: ESCAPE }))
      await command('POST', '/actions', { actions: [{ type: 'key', id: 'keyboard', actions: keys }] })
    },
    textContent: async (selector) =>
      (await run('return document.querySelector(arguments[0])?.textContent ?? null', selector)) as
        | string
        | null,
    show: () => byTitle(browser.show),
    newTab: browser.newPage,
    close: async () => {
      await command('DELETE', '/window')
    },
  }
}

/** Waits until something is there; resolves with it. */
async function until<Value>(look: () => Promise<Value>, what = 'The page'): Promise<NonNullable<Value>> {
  const endsAt = Date.now() + PATIENCE_MS
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > endsAt) throw new Error(`Not there after ${PATIENCE_MS} ms: ${what}`)
    await sleep(LOOK_MS)
  }
}

/** The placeholder for `undefined`, which JSON lacks. */
const UNDEFINED = '$undefined'

function revive(value: unknown): unknown {
  if (value === UNDEFINED) return undefined
  if (Array.isArray(value)) return value.map(revive)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, revive(each)]))
}

/** The outcome of a function in the page; its value is JSON. */
type Evaluated = 'later' | { value: string } | { error: string }

/** A WebDriver script: calls a function, and says what it came to, or that this takes longer. */
const EVALUATE = `
  const [id, waitMs, done] = arguments
  const all = (window.evaluations ??= {})
  const end = (result) => {
    all[id] = result
    done(result)
  }
  all[id] = 'later'
  Promise.resolve()
    .then(() => ($run)($given))
    .then((value) => end({ value: JSON.stringify(value, (_name, each) => (each === undefined ? '${UNDEFINED}' : each)) }))
    .catch((error) => end({ error: String(error) + '\\n' + (error?.stack ?? '') }))
  setTimeout(() => done('later'), waitMs)`

const LOOK_AGAIN = `
  const [id] = arguments
  return window.evaluations?.[id] ?? { error: 'The page was left in the middle of it' }`

const FIND = `
  const element = document.querySelector(arguments[0])
  if (!element || element.disabled || !element.getClientRects().length) return null
  element.scrollIntoView({ block: 'center' })
  return element`
