import { PAGE, PICTURE, type PrivateAnswer, SCRIPT, STYLE, UNTYPED_PAGE } from './private-answer.ts'

/** An element that loads a URL, which its attributes call `URL`. */
export interface LoadingElement {
  tag: string
  attributes: Record<string, string>
  /** The content that it could use. */
  answer: PrivateAnswer
}

/** Elements that are told when there is nothing for them. */
export const PARTS: Record<string, LoadingElement> = {
  image: { tag: 'img', attributes: { src: 'URL' }, answer: PICTURE },
  video: { tag: 'video', attributes: { src: 'URL' }, answer: UNTYPED_PAGE },
  script: { tag: 'script', attributes: { src: 'URL' }, answer: SCRIPT },
  'CORS script': { tag: 'script', attributes: { src: 'URL', crossorigin: '' }, answer: SCRIPT },
  module: { tag: 'script', attributes: { src: 'URL', type: 'module' }, answer: SCRIPT },
  'style sheet': { tag: 'link', attributes: { href: 'URL', rel: 'stylesheet' }, answer: STYLE },
  'preloaded script': {
    tag: 'link',
    attributes: { href: 'URL', rel: 'preload', as: 'script' },
    answer: SCRIPT,
  },
}

/** Elements that show a document, whatever it is. */
export const FRAMES: Record<string, LoadingElement> = {
  frame: { tag: 'iframe', attributes: { src: 'URL' }, answer: PAGE },
  'frame of no type': { tag: 'iframe', attributes: { src: 'URL' }, answer: UNTYPED_PAGE },
  'frame of a picture': { tag: 'iframe', attributes: { src: 'URL' }, answer: PICTURE },
  object: { tag: 'object', attributes: { data: 'URL', type: 'text/html' }, answer: PAGE },
  embed: { tag: 'embed', attributes: { src: 'URL', type: 'text/html' }, answer: PAGE },
}

// The rest runs in the page; each must stand alone.

/** Puts an element into the page; resolves with the event that tells how it went. */
export function loadElement({
  tag,
  attributes,
  url,
}: Omit<LoadingElement, 'answer'> & { url: string }): Promise<string> {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value === 'URL' ? url : value)
  }
  return new Promise((resolve) => {
    for (const name of ['load', 'loadeddata', 'error']) element.addEventListener(name, () => resolve(name))
    document.body.append(element)
  })
}

/** Attempts of a script of this origin other than a plain fetch of the response; each resolves with its result. */
export const OWN_TRICKS: Record<string, (url: string) => Promise<string>> = {
  'fetch, no-cors': async (url) => (await fetch(url, { mode: 'no-cors' })).text(),
  'fetch, redirects by hand': async (url) => (await fetch(url, { redirect: 'manual' })).text(),
  'fetch of a range': async (url) => (await fetch(url, { headers: { range: 'bytes=0-' } })).text(),
  'fetch by POST': async (url) => (await fetch(url, { method: 'POST' })).text(),
  import: (url) => import(url).then(() => 'ran', String),
  'dedicated worker': (url) =>
    new Promise((resolve) => {
      const worker = new Worker(url)
      worker.addEventListener('message', () => resolve('ran'))
      worker.addEventListener('error', () => resolve('error'))
    }),
  importScripts: (url) =>
    new Promise((resolve) => {
      const code = `try { importScripts('${url}') } catch (error) { postMessage(String(error)) }`
      const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })))
      worker.addEventListener('message', ({ data }) => resolve(String(data)))
      worker.addEventListener('error', () => resolve('error'))
    }),
}

/** Attempts of a script of another origin. */
export const FOREIGN_TRICKS: Record<string, (url: string) => Promise<string>> = {
  fetch: (url) => fetch(url, { credentials: 'include' }).then((response) => response.text(), String),
  'fetch, no-cors': async (url) => (await fetch(url, { mode: 'no-cors', credentials: 'include' })).text(),
  import: (url) => import(url).then(() => 'ran', String),
}

/** Ways to lead a person there. */
export const LEADS: Record<string, (url: string) => void> = {
  link: (url) => {
    const link = document.createElement('a')
    link.href = url
    document.body.append(link)
    link.click()
  },
  'link to a new tab': (url) => {
    const link = document.createElement('a')
    Object.assign(link, { href: url, target: '_blank' })
    document.body.append(link)
    link.click()
  },
  form: (url) => {
    const form = document.createElement('form')
    form.action = url
    document.body.append(form)
    form.submit()
  },
  'window.open': (url) => void window.open(url),
  location: (url) => location.assign(url),
}
