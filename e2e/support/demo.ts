import type { SavedMessage } from '../../demo/server/history/messages.ts'
import type { Page } from './page.ts'
import type { TestServer } from './test-server.ts'

/** The demo's chat as a person uses it. */
export interface Demo {
  /** Opens it and waits until the worker controls the page. */
  open: () => Promise<void>
  controlled: () => Promise<void>
  /** Sets what the next answers are to suffer: a name from the fault menu. */
  chooseFault: (name: string) => Promise<void>
  send: (text: string) => Promise<void>
  /** Waits until the last answer (the `nth`, if said) has that state and so many characters; returns its text. */
  answer: (state: string, atLeast?: number, nth?: number) => Promise<string>
  /** Waits until the last message of that role has that mark. */
  saved: (role: 'user' | 'assistant', mark: string) => Promise<void>
  /** Watches the status line until it has counted that many different seconds of such a wait; returns them. */
  countdown: (different: number, kind?: 'retrying' | 'held_back') => Promise<number[]>
  /** The history of the conversation on screen. */
  conversation: () => Promise<SavedMessage[]>
}

export function testId(id: string): string {
  return `[data-testid="${id}"]`
}

export function createDemo(tab: Page, server: TestServer): Demo {
  const controlled = async () => {
    await tab.waitFor(
      (selector) => document.querySelector(selector) !== null,
      `${testId('worker-state')}[data-state="controlling"]`,
    )
  }
  return {
    controlled,
    open: async () => {
      await tab.goto(`${server.url}/`)
      await controlled()
    },
    chooseFault: async (name) => {
      await tab.click(testId('fault-menu-button'))
      await tab.click(testId(`fault-${name}`))
      await tab.click(testId('fault-menu-button'))
    },
    send: async (text) => {
      await tab.fill(testId('composer-input'), text)
      await tab.click(testId('send'))
    },
    answer: async (state, atLeast = 0, nth = 1) => {
      const { text } = await tab.waitFor(readAnswer, { state, atLeast, nth })
      return text
    },
    saved: async (role, mark) => {
      await tab.waitFor(
        ({ selector, mark }) =>
          [...document.querySelectorAll<HTMLElement>(selector)].at(-1)?.dataset.saved === mark,
        { selector: `${testId('message')}[data-role="${role}"]`, mark },
      )
    },
    countdown: async (different, kind = 'retrying') => {
      const seen = new Set<number>()
      while (seen.size < different) {
        seen.add(await tab.waitFor(readCountdown, { kind, seen: [...seen] }))
      }
      return [...seen]
    },
    conversation: async () => {
      const hash = await tab.evaluate(() => location.hash)
      return server.messages(hash.slice(1))
    },
  }
}

// These run in the page; each must stand alone.

function readAnswer({ state, atLeast, nth }: { state: string; atLeast: number; nth: number }) {
  const answers = document.querySelectorAll<HTMLElement>('[data-testid="message"][data-role="assistant"]')
  const last = [...answers].at(-1)
  const text = last?.querySelector<HTMLElement>('[data-testid="message-text"]')?.innerText ?? ''
  const isIt = answers.length >= nth && last?.dataset.state === state && text.length >= atLeast
  return isIt ? { text } : null
}

function readCountdown({ kind, seen }: { kind: string; seen: number[] }): number | null {
  const line = document.querySelector(`[data-testid="status-line"][data-kind="${kind}"]`)?.textContent ?? ''
  const seconds = /in (\d+) s/.exec(line)?.[1]
  return seconds === undefined || seen.includes(Number(seconds)) ? null : Number(seconds)
}
