/** A stretch of code of one kind; plain stretches have none. */
export interface Stretch {
  text: string
  kind?: 'comment' | 'string' | 'number' | 'keyword' | 'name'
}

const KEYWORDS =
  'abstract|and|as|async|await|begin|boolean|break|case|catch|class|const|continue|def|default|del|delete|do|echo|elif|else|end|enum|except|export|extends|false|fi|final|finally|fn|for|from|func|function|go|if|impl|implements|import|in|int|interface|is|lambda|let|loop|match|mod|module|mut|new|nil|none|None|not|null|of|or|package|pass|private|protected|pub|public|raise|return|select|self|static|string|struct|super|switch|then|this|throw|trait|true|True|False|try|type|typeof|undefined|use|using|var|void|where|while|with|yield|SELECT|FROM|WHERE|INSERT|UPDATE|DELETE|JOIN|ON|AND|OR|NOT|NULL|CREATE|TABLE|ORDER|GROUP|BY|LIMIT|INTO|VALUES|SET'

const HASH_COMMENTS = /^(?:py|python|rb|ruby|sh|bash|shell|zsh|yaml|yml|toml|r|perl|dockerfile|makefile)$/i
const PLAIN = /^(?:|text|txt|plain|plaintext|console|output|md|markdown|diff)$/i

const STRINGS = '"(?:\\\\.|[^"\\\\\\n])*"|\'(?:\\\\.|[^\'\\\\\\n])*\'|`(?:\\\\.|[^`\\\\])*`'
const REST = `(?<string>${STRINGS})|(?<number>\\b\\d[\\w.]*\\b)|(?<keyword>\\b(?:${KEYWORDS})\\b)|(?<name>\\b[A-Za-z_]\\w*(?=\\())`
const WITH_HASH = new RegExp(`(?<comment>#[^\\n]*)|${REST}`, 'g')
const WITH_SLASHES = new RegExp(
  `(?<comment>//[^\\n]*|/\\*[\\s\\S]*?(?:\\*/|$)|--\\s[^\\n]*|<!--[\\s\\S]*?-->)|${REST}`,
  'g',
)

/** Colours code well enough to read it, for any language that has comments, strings and words; no grammar. */
export function highlight(code: string, language: string): Stretch[] {
  if (PLAIN.test(language)) return [{ text: code }]
  const stretches: Stretch[] = []
  let end = 0
  for (const match of code.matchAll(HASH_COMMENTS.test(language) ? WITH_HASH : WITH_SLASHES)) {
    const kind = (Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0] ??
      'name') as NonNullable<Stretch['kind']>
    if (match.index > end) stretches.push({ text: code.slice(end, match.index) })
    stretches.push({ text: match[0], kind })
    end = match.index + match[0].length
  }
  if (end < code.length) stretches.push({ text: code.slice(end) })
  return stretches
}
