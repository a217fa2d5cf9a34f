/** One message to save. */
export interface Message {
  url: string
  body: string
}

/** The URL pattern of saved messages: the path they go, and their conversation. */
export const SAVES = '/saves/:path/:conversation'

export const CONVERSATIONS = 50

const BODY_BYTES = 500

/** `count` messages from number `first` on, distributed to the conversations in turn. */
export function createMessages(path: string, first: number, count: number): Message[] {
  return Array.from({ length: count }, (_, index) => {
    const n = first + index
    const text = (content: string) => JSON.stringify({ n, role: 'user', content })
    return {
      url: `/saves/${path}/${n % CONVERSATIONS}`,
      body: text('x'.repeat(BODY_BYTES - text('').length)),
    }
  })
}
