import DOMPurify from 'dompurify'
import { Marked, type Token, type Tokens } from 'marked'

/** A piece of an answer that is shown on its own: code as text, all else as clean HTML. */
export type Block = { kind: 'code'; language: string; code: string } | { kind: 'html'; html: string }

const marked = new Marked({ gfm: true, breaks: false })

// A picture in an answer could tell its server that it was read: it becomes a link.
marked.use({
  renderer: {
    image({ href, text }) {
      const label = document.createElement('span')
      label.textContent = text || href
      return `<a href="${encodeURI(href)}">${label.innerHTML}</a>`
    },
  },
})

const purifier = DOMPurify(window)
purifier.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A') {
    node.setAttribute('target', '_blank')
    node.setAttribute('rel', 'noopener noreferrer nofollow')
  }
  // Wide tables scroll sideways, and what scrolls must be reachable by keyboard.
  if (node.tagName === 'TABLE') node.setAttribute('tabindex', '0')
})

const TAGS = [
  'p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote details summary pre code',
  'table thead tbody tr th td strong em del a sup sub kbd mark input',
].flatMap((names) => names.split(' '))

export function splitBlocks(source: string): Token[] {
  return marked.lexer(source)
}

export function renderBlock(token: Token): Block | null {
  if (token.type === 'space' || token.type === 'def') return null
  if (token.type === 'code') {
    const { lang, text } = token as Tokens.Code
    return { kind: 'code', language: lang?.split(/\s/, 1)[0] ?? '', code: text }
  }
  const html = marked.parser([token])
  return {
    kind: 'html',
    html: purifier.sanitize(html, {
      ALLOWED_TAGS: TAGS,
      ALLOWED_ATTR: ['href', 'title', 'start', 'align', 'checked', 'disabled', 'type'],
      ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i,
    }),
  }
}
