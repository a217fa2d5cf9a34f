/** One thing an answer does on its way: the plan of an answer is a list of these, perhaps without end. */
export type Move =
  /** Bytes for the wire; `tokens` is how many outputs they hold. */
  | { do: 'send'; text: string; tokens: number }
  /** Waits until the next token is due at the answer's pace. */
  | { do: 'pace' }
  | { do: 'rest'; ms: number | 'forever' }
  /** The response ends as HTTP wants it. */
  | { do: 'end' }
  /** The connection is closed in the middle of the response. */
  | { do: 'close' }
  | { do: 'reset' }
