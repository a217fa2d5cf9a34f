import type { ReadonlySignal } from '@preact/signals'
import { Component } from 'preact'
import { useMemo } from 'preact/hooks'
import { createLiveMarkdown } from '../chat/live-markdown.ts'
import { COPY_MARK, type Block } from '../chat/markdown.ts'
import { copyText } from '../chat/copy.ts'
import { CodeBlock } from './code-block.tsx'

/** An answer's text. While it grows, only its last block is read and drawn again. */
export function Markdown({ text, isLive }: { text: ReadonlySignal<string>; isLive: boolean }) {
  const read = useMemo(createLiveMarkdown, [])
  return (
    <div class="markdown" data-live={isLive} data-testid="message-text">
      {read(text.value).map((block, index) => (
        // A block keeps its place for ever, so its place is its key.
        <BlockView key={index} block={block} />
      ))}
    </div>
  )
}

class BlockView extends Component<{ block: Block }> {
  override shouldComponentUpdate(next: { block: Block }): boolean {
    return next.block !== this.props.block
  }

  override render({ block }: { block: Block }) {
    if (block.kind === 'code') return <CodeBlock language={block.language} code={block.code} />
    // Clean: `renderBlock` is the one place that makes these, and it sanitises.
    return <div class="block" onClick={copyCode} dangerouslySetInnerHTML={{ __html: block.html }} />
  }
}

/** Code inside a list or a quote has a plain button, for it is no component. */
function copyCode({ target }: MouseEvent): void {
  const button = (target as Element).closest(`[${COPY_MARK}]`)
  const code = button?.closest('.code-block')?.querySelector('code')
  if (!button || !code) return
  void copyText(code.textContent ?? '').then((copied) => {
    if (copied) button.textContent = 'Copied'
  })
}
