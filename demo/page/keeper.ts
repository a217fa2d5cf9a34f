import { computed, signal } from '@preact/signals'
import { register, type Keeper, type OutboxCounts } from '../../client/index.ts'

const CHAT_URL = '/v1/chat/completions'

/** Where an answer is asked for; the query tells the worker, and nobody else needs to know, which conversation it is. */
export function chatUrl(conversation: string): string {
  return `${CHAT_URL}?conversation=${encodeURIComponent(conversation)}`
}

const KEPT_CHAT_URL = '/api/chat'

/** Where an answer is asked for that the server keeps, under this name. */
export function keptChatUrl(name: string): string {
  return `${KEPT_CHAT_URL}?conversation=${encodeURIComponent(name)}`
}

/** The page side of the worker; nothing until the first registration has settled. */
export const keeper = signal<Keeper | null>(null)

/** The keeper between this page and the network. */
export const protection = signal<{
  state: Keeper['state']
  reason?: string | undefined
  counts?: OutboxCounts
}>({ state: 'starting' })

/** Settles when the worker controls the page, or when it is known that none will. It never rejects. */
export const ready = start()

async function start(): Promise<void> {
  try {
    const registered = await register('/streamkeeper-sw.js', {
      chat: [CHAT_URL, KEPT_CHAT_URL].map((url) => ({ url, conversation: 'query.conversation' as const })),
      // Each device that shows an answer saves it, under the same id: one of them is first.
      saves: [{ url: '/api/sessions/:session/messages', duplicateStatus: 409 }],
      // Shown only if the person has switched it on, in the settings.
      notifications: {
        finished: { title: 'Your answer is ready', body: 'text' },
        failed: { title: 'An answer did not come through' },
      },
      // Responses that other devices have asked for, if this server keeps responses.
      resume: { streams: '/api/streams' },
      // The demo has one person. An app with users names each, and nobody's messages are sent as another's.
      principal: 'demo',
    })
    registered.subscribe(() => {
      const { state, reason, outbox } = registered.getSnapshot()
      protection.value = { state, reason, counts: outbox }
    })
    keeper.value = registered
  } catch {
    // The chat must work whatever became of its worker; the header says that it goes without.
    protection.value = { state: 'unsupported' }
  }
}

/** The same in plain words: a label that is always seen, and a sentence for whoever wants to know. */
export const protectionWords = computed((): { label: string; detail: string } => {
  const { state, reason } = protection.value
  switch (state) {
    case 'starting':
      return { label: 'Starting', detail: 'The background helper is starting.' }
    case 'controlling':
      return {
        label: 'Protected',
        detail: 'A background helper retries for you, waits out limits and keeps unsent messages.',
      }
    case 'fallback':
      return {
        label: 'Partly protected',
        detail: `Answers are retried, but only while this page is open, and unsent messages are not kept. ${why(reason)}`,
      }
    case 'unsupported':
      return {
        label: 'Not protected',
        detail: `The chat works, but nothing is retried and unsent messages are not kept. ${why(reason)}`,
      }
  }
})

function why(reason: string | undefined): string {
  switch (reason ?? '') {
    case 'other_worker':
      return 'Another background helper already looks after this site.'
    case 'out_of_scope':
      return 'This page is outside the part of the site that the helper looks after.'
    case 'version_mismatch':
      return 'The helper and this page are of different versions. Reloading may help.'
    case 'insecure':
      return 'The helper needs a secure (https) connection.'
    case 'blocked':
      return 'This browser does not allow background helpers here.'
    default:
      return 'This browser has no background helper for it.'
  }
}
