import { highlight } from '../chat/highlight.ts'
import { CopyButton } from './copy-button.tsx'

export function CodeBlock({ language, code }: { language: string; code: string }) {
  return (
    <div class="block code-block" data-testid="code-block">
      <div class="code-bar">
        <span>{language || 'code'}</span>
        <CopyButton text={() => code} label="Copy code" />
      </div>
      {/* Wide code scrolls sideways, so the keyboard must reach it. */}
      <pre tabIndex={0} aria-label={`Code, ${language || 'plain'}`}>
        {/* Clean: the highlighter escapes whatever it is given. */}
        <code dangerouslySetInnerHTML={{ __html: highlight(code, language) }} />
      </pre>
    </div>
  )
}
