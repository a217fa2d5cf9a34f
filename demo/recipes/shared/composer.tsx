import { type SubmitEvent, useState } from 'react'

interface ComposerProps {
  ask: (text: string) => void
  /** Only while there is something to stop. */
  stop: (() => void) | undefined
}

/** Where a person writes; or stops what is being answered. */
export function Composer({ ask, stop }: ComposerProps) {
  const [draft, setDraft] = useState('')
  const send = (event: SubmitEvent) => {
    event.preventDefault()
    if (!draft.trim() || stop) return
    setDraft('')
    ask(draft.trim())
  }
  return (
    <form className="composer" onSubmit={send}>
      <input
        aria-label="Message"
        placeholder="Ask something"
        value={draft}
        onChange={({ target }) => setDraft(target.value)}
      />
      {stop ? (
        <button type="button" onClick={stop}>
          Stop
        </button>
      ) : (
        <button type="submit">Send</button>
      )}
    </form>
  )
}
