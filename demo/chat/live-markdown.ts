import { renderBlock, splitBlocks, type Block } from './markdown.ts'

/**
 * Reads a growing Markdown text. Blocks before the last one can no longer change, so each is read once and keeps
 * its object (a component that got the same object renders nothing); only the tail is read again.
 */
export function createLiveMarkdown(): (text: string) => Block[] {
  let source = ''
  let settled: Block[] = []
  let tailStart = 0

  return (grown) => {
    // The reader of Markdown counts every kind of line end as one character, and so must we.
    const text = grown.replace(/\r\n?/g, '\n')
    if (!text.startsWith(source)) {
      settled = []
      tailStart = 0
    }
    source = text
    const tokens = splitBlocks(text.slice(tailStart))
    // A list may go on after a blank line: the tail begins at the last block, not at the space behind it.
    let last = tokens.length - 1
    while (last > 0 && tokens[last]?.type === 'space') last--
    for (const token of tokens.slice(0, Math.max(last, 0))) {
      const block = renderBlock(token)
      if (block) settled = [...settled, block]
      tailStart += token.raw.length
    }
    const tail = tokens.slice(Math.max(last, 0)).flatMap((token) => renderBlock(token) ?? [])
    return [...settled, ...tail]
  }
}
