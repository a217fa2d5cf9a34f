import type { BrowserContext, Frame } from '@playwright/test'
import type { App } from './app.ts'
import { ask } from './scripted-chat.ts'
import type { ScriptedProvider } from './scripted-provider.ts'

/** The text of each of these responses. */
export const SECRET = 'A private answer'

/** A sign of a script that ran: in its own page or, from a worker, at the page's. */
const RUN = `globalThis.ran = true; globalThis.postMessage('ran')`

const MARKUP = `<title>Answer</title><p>${SECRET}</p><script>${RUN}</script>`

/** An upstream's answer that a browser would make something of. */
export interface PrivateAnswer {
  type?: string | undefined
  body: string
  /** Default 200. */
  status?: number
}

/** A web page that is a 200, labelled or not, is no answer to a chat: it never comes so far. */
export const PAGE: PrivateAnswer = { type: 'text/html', body: `<!doctype html>${MARKUP}`, status: 403 }
export const UNTYPED_PAGE: PrivateAnswer = { ...PAGE, type: undefined }
export const PICTURE: PrivateAnswer = {
  type: 'image/svg+xml',
  body: `<svg xmlns="http://www.w3.org/2000/svg"><text y="20">${SECRET}</text><script>${RUN}</script></svg>`,
}
export const SCRIPT: PrivateAnswer = { type: 'text/javascript', body: `/* ${SECRET} */ ${RUN}` }
export const STYLE: PrivateAnswer = { type: 'text/css', body: `/* ${SECRET} */ :root { --ran: yes }` }

/** Has an answer sent and kept; returns the URL that it is read at again. */
export async function keepAnswer(
  app: App,
  provider: ScriptedProvider,
  { type, body, status }: PrivateAnswer,
): Promise<string> {
  const before = (await app.statuses('request_started')).length
  const chat = await ask(app, `${provider.url}/v1/chat/completions`)
  const answer = await provider.asked()
  answer.begin(type === undefined ? {} : { 'content-type': type }, status)
  answer.say(body)
  await answer.end('end')
  await chat.ended()
  const started = (await app.told('request_started', before + 1)).at(-1)
  const path = `/__streamkeeper/streams/${started?.requestId}`
  return new URL(path, await app.evaluate(() => location.href)).href
}

/** One document of the browser, as a person or a script finds it. */
export interface Seen {
  url: string
  text: string
  /** A script or a style of an answer took effect. */
  ran: boolean
}

/** The open documents, frames too, that have something of an answer; there should be none. */
export async function leaksIn(context: BrowserContext): Promise<Seen[]> {
  const seen = await Promise.all(context.pages().flatMap((page) => page.frames().map(look)))
  return seen.filter(({ text, ran }) => ran || text.includes(SECRET))
}

async function look(frame: Frame): Promise<Seen> {
  try {
    return await frame.evaluate(() => ({
      url: location.href,
      text: document.documentElement.textContent ?? '',
      ran: 'ran' in globalThis || getComputedStyle(document.documentElement).getPropertyValue('--ran') !== '',
    }))
  } catch (error) {
    // An object that shows nothing gives its frame up.
    if (frame.isDetached()) return { url: frame.url(), text: '', ran: false }
    throw error
  }
}
