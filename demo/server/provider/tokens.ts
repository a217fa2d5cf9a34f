/** Cuts a text into pieces of about a token each; joined, they are the text again. */
export function tokenize(text: string): string[] {
  return text.match(/\s*(?:[\p{L}\p{N}]{1,7}|\S)|\s+/gu) ?? []
}

/** The first `count` tokens of a text, which is repeated as often as that takes. */
export function tokensOf(text: string, count: number | undefined): string[] {
  const once = tokenize(text)
  if (count === undefined || once.length === 0) return once
  const again = tokenize(`\n\n${text}`)
  const tokens = once.slice(0, count)
  while (tokens.length < count) tokens.push(...again.slice(0, count - tokens.length))
  return tokens
}
