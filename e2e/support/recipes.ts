import type { Fault } from '../../demo/server/step.ts'
import type { UpstreamAttempt } from '../../demo/server/upstream/upstream-log.ts'
import { expect } from './test.ts'
import type { Page } from './page.ts'
import type { TestServer } from './test-server.ts'

/** The recipes, and how each names its (first) conversation to the history. */
const SESSIONS = {
  'react-status': 'recipe',
  'react-use-chat': 'first',
  vue: 'recipe',
  'plain-html': 'recipe',
}

export type RecipeName = keyof typeof SESSIONS

export const RECIPES = Object.keys(SESSIONS) as RecipeName[]

/** A recipe's app as a person uses it. */
export interface Recipe {
  /** Opens it; its answers go wrong as `fault` says. */
  open: (fault?: Omit<Fault, 'id'>) => Promise<void>
  send: (text: string) => Promise<void>
  stop: () => Promise<void>
  /** The messages with their roles, in order. */
  said: () => Promise<Said[]>
  /** Waits until the last answer has so many characters and, unless `isGrowing`, is over; returns its text. */
  answer: (how?: { atLeast?: number; isGrowing?: boolean }) => Promise<string>
  /** Waits until the status line reads so; returns what it reads. */
  reads: (words: RegExp) => Promise<string>
  /** Watches the status line until these words have had so many different numbers of seconds; returns them. */
  countdown: (words: RegExp, different: number) => Promise<number[]>
  /** Waits until the outbox has just these messages, in these states. */
  outbox: (...items: { text: string; state: string }[]) => Promise<void>
  /** The upstream's log of its chats. */
  log: () => Promise<UpstreamAttempt[]>
  /** The messages that have reached the history, in order of arrival. */
  saved: () => Promise<string[]>
  /** Presses a button of the outbox's first message. */
  press: (button: string) => Promise<void>
  /** Goes to another conversation. */
  switchTo: (chat: string) => Promise<void>
}

export interface Said {
  role: string
  text: string
  /** Only where an answer is not whole. */
  state?: string
}

export function createRecipe(
  name: RecipeName,
  tab: Page,
  server: TestServer,
  path = `/demo/recipes/${name}/`,
): Recipe {
  const reads: Recipe['reads'] = async (words) => (await tab.waitFor(readStatusLine, words.source)).line
  return {
    open: async (fault) => {
      const id = crypto.randomUUID()
      const query = fault ? `?${new URLSearchParams({ fault: JSON.stringify({ id, ...fault }) })}` : ''
      await tab.goto(`${server.url}${path}${query}`)
      await tab.waitFor(
        () => navigator.serviceWorker.controller && document.querySelector('.composer') !== null,
      )
      // useChat first asks whether there is something to resume. Nobody can write as fast as a test, which would be sent
      // while it asks: then it calls the end of one request the end of the other.
      if (name !== 'react-use-chat') return
      const isAsked = ({ path, closedAt }: UpstreamAttempt) =>
        path.endsWith('/stream') && closedAt !== undefined
      await expect.poll(async () => (await server.log()).some(isAsked)).toBe(true)
      await tab.waitFor(() => document.querySelector('.composer button[type="submit"]') !== null)
    },
    send: async (text) => {
      await tab.fill('.composer input', text)
      await tab.click('.composer button[type="submit"]')
    },
    stop: () => tab.click('.composer button[type="button"]'),
    said: () => tab.evaluate(readMessages),
    answer: async ({ atLeast = 1, isGrowing = false } = {}) => {
      const { text } = await tab.waitFor(readAnswer, { atLeast, isGrowing })
      return text
    },
    reads,
    countdown: async (words, different) => {
      const seen = new Set<number>()
      while (seen.size < different) {
        const others = Array.from(seen, (each) => `(?!${each} s)`).join('')
        const line = await reads(new RegExp(`${words.source} ${others}\\d+ s`))
        seen.add(Number(/ (\d+) s/.exec(line)?.[1]))
      }
      return [...seen]
    },
    outbox: async (...items) => {
      await tab.waitFor(isOutbox, JSON.stringify(items))
    },
    // Asking whether there is something to resume is no chat.
    log: async () => (await server.log()).filter(({ method }) => method === 'POST'),
    saved: async () => {
      const session = new URL(await tab.evaluate(() => location.href)).hash.slice(1) || SESSIONS[name]
      return (await server.messages(session)).map(({ content }) => textOf(content))
    },
    switchTo: (chat) => tab.click(`nav a[href="#${chat}"]`),
    press: (button) => pressButton(tab, '.outbox li:first-child button', button),
  }
}

/** Clicks the button that has this text, among those of the selector; waits until there is one. */
export async function pressButton(tab: Page, selector: string, text: string): Promise<void> {
  await tab.waitFor(
    ({ selector, text }) => {
      for (const marked of document.querySelectorAll('[data-press]')) marked.removeAttribute('data-press')
      const button = [...document.querySelectorAll(selector)].find((each) => each.textContent.trim() === text)
      button?.setAttribute('data-press', '')
      return button !== undefined
    },
    { selector, text },
  )
  await tab.click('[data-press]')
}

/** Content is a text, or the AI SDK's parts of which some have text. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return (content as { text?: string }[]).map(({ text = '' }) => text).join('')
}

// These run in the page; each must stand alone.

function readMessages(): Said[] {
  return Array.from(document.querySelectorAll<HTMLElement>('.messages li'), (item) => ({
    role: item.dataset.role ?? '',
    text: item.textContent,
    ...(item.dataset.state === undefined ? {} : { state: item.dataset.state }),
  }))
}

function readAnswer({ atLeast, isGrowing }: { atLeast: number; isGrowing: boolean }) {
  const answer = document.querySelector('.messages li:last-child[data-role="assistant"]')
  const isOver = document.querySelector('.composer button[type="submit"]:not([hidden])') !== null
  const text = answer?.textContent ?? ''
  return text.length >= atLeast && isOver !== isGrowing ? { text } : null
}

function readStatusLine(words: string): { line: string } | null {
  const line = document.querySelector('.status-line p')?.textContent ?? ''
  return new RegExp(words).test(line) ? { line } : null
}

function isOutbox(expected: string): boolean {
  const items = Array.from(document.querySelectorAll<HTMLElement>('.outbox li'), (item) => ({
    text: item.querySelector('p')?.textContent ?? '',
    state: item.dataset.state ?? '',
  }))
  return JSON.stringify(items) === expected
}
