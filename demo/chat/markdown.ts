import DOMPurify from 'dompurify'
import { Marked, type Token, type Tokens } from 'marked'

/** A piece of an answer that is shown on its own: code as text, all else as clean HTML. */
export type Block = { kind: 'code'; language: string; code: string } | { kind: 'html'; html: string }

/** Marks the button beside code inside a list or a quote, which is HTML and no component. */
export const COPY_MARK = 'data-copy'

const marked = new Marked({ gfm: true })

marked.use({
  renderer: {
    // Tags are shown as they were written, but for a few that only shape the text.
    html: ({ text }) => escapeHtml(text).replace(SHAPING_TAG, '<$1>'),
    // A picture could tell its server that the answer was read: it becomes a link.
    image: ({ href, text }) => `<a href="${escapeHtml(href)}">${escapeHtml(text || href)}</a>`,
    code: ({
      text,
      lang,
    }) => `<div class="code-block"><div class="code-bar"><span>${escapeHtml(languageOf(lang))}</span>
      <button type="button" class="link-button" ${COPY_MARK}>Copy</button></div>
      <pre tabindex="0"><code>${escapeHtml(text)}</code></pre></div>`,
  },
})

const SHAPING_TAG = /&lt;(\/?(?:br|sub|sup|kbd|mark|u|details|summary)\s*\/?)&gt;/gi

const TAGS = [
  'p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote details summary div span button pre code',
  'table thead tbody tr th td strong em del a sub sup kbd mark u input',
].flatMap((names) => names.split(' '))

const purifier = DOMPurify(window)
purifier.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A') {
    node.setAttribute('target', '_blank')
    node.setAttribute('rel', 'noopener noreferrer nofollow')
  }
  // Wide tables scroll sideways, and what scrolls must be reachable by keyboard.
  if (node.tagName === 'TABLE') node.setAttribute('tabindex', '0')
})

export function splitBlocks(source: string): Token[] {
  return marked.lexer(source)
}

export function renderBlock(token: Token): Block | null {
  if (token.type === 'space' || token.type === 'def') return null
  if (token.type === 'code') {
    const { lang, text } = token as Tokens.Code
    return { kind: 'code', language: languageOf(lang), code: text }
  }
  return { kind: 'html', html: sanitize(marked.parser([token])) }
}

/** The second wall: whatever the reader of Markdown let through, only this comes out. */
function sanitize(html: string): string {
  return purifier.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: [
      'href',
      'title',
      'start',
      'align',
      'checked',
      'disabled',
      'type',
      'class',
      'tabindex',
      COPY_MARK,
    ],
    ADD_URI_SAFE_ATTR: ['start', 'align', 'checked', 'disabled', 'type', 'class', 'tabindex'],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
  })
}

function languageOf(info: string | undefined): string {
  return info?.split(/\s/, 1)[0] ?? ''
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign)
}
