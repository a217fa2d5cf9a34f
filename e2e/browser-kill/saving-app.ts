import type { Page } from '@playwright/test'

/** How one message is saved. */
export interface Saving {
  session: string
  /** Counts up inside its session. */
  number: number
  bytes: number
  /** With a token of its own, which is sealed. */
  hasToken: boolean
  /** With a query, which is sealed, too. */
  hasQuery: boolean
}

/** The actions and events of a page of the app. */
export type Seen =
  | { at: number; do: 'save'; saving: Saving }
  | { at: number; do: 'accepted'; entryId: string; saving: Saving }
  | { at: number; by: 'page'; do: 'signing in' | 'signed in'; who: string | null }
  | { at: number; by: 'worker'; do: 'told'; status: string; entryId: string }

export interface SavingAppOptions {
  who: string
  /** True if the server knows people by the cookie `who`. */
  hasCookie: boolean
  /** True if it responds when it is asked for credentials. */
  provides: boolean
  saw: (event: Seen) => void
}

/** An app that saves message after message, and tells at once of all that it sees. */
export async function openSavingApp(
  page: Page,
  url: string,
  { who, hasCookie, provides, saw }: SavingAppOptions,
) {
  await page.exposeFunction('saw', saw)
  await page.goto(`${url}/e2e/site/`)
  const state = await page.evaluate(
    async ({ who, hasCookie, provides }) => {
      const { saw } = window as unknown as { saw: (event: unknown) => Promise<void> }
      await saw({ at: Date.now(), by: 'page', do: 'signing in', who })
      const isIn = !hasCookie || document.cookie === `who=${who}`
      const options = { saves: ['/api/sessions/:session/messages'], ...(isIn && { principal: who }) }
      const { state } = await window.e2e.register(options)
      if (!isIn) {
        // As an app in which another signs in: nobody is signed in while the cookie changes.
        await window.e2e.keeper?.setPrincipal(null)
        document.cookie = `who=${who}; path=/`
      }
      await window.e2e.keeper?.setPrincipal(who)
      await saw({ at: Date.now(), by: 'page', do: 'signed in', who })
      window.e2e.keeper?.on('*', (status) => {
        if ('entryId' in status && status.status !== 'storage_degraded') {
          void saw({
            at: status.at,
            by: 'worker',
            do: 'told',
            status: status.status,
            entryId: status.entryId,
          })
        }
      })
      if (provides) window.e2e.keeper?.provideAuth(() => ({ Authorization: 'Bearer demo-token' }))
      return state
    },
    { who, hasCookie, provides },
  )
  if (state !== 'controlling') throw new Error(`The worker does not control the page: ${state}`)

  return {
    /** Saves them one after the other inside a session, sessions side by side; ends when all are answered. */
    save: (savings: Saving[]) =>
      page.evaluate(async (savings) => {
        const { saw } = window as unknown as { saw: (event: unknown) => Promise<void> }
        const sessions = Map.groupBy(savings, ({ session }) => session)
        const saveOne = async (saving: (typeof savings)[number]) => {
          const { session, number, bytes, hasToken, hasQuery } = saving
          await saw({ at: Date.now(), do: 'save', saving })
          const content = `Message ${number} `.padEnd(bytes, 'x')
          const response = await fetch(`/api/sessions/${session}/messages${hasQuery ? '?from=test' : ''}`, {
            method: 'POST',
            headers: {
              'Content-Type': 'application/json',
              ...(hasToken ? { Authorization: 'Bearer demo-token' } : {}),
            },
            body: JSON.stringify({ id: String(number), role: 'user', content }),
          })
          const entryId = response.headers.get('X-Streamkeeper-Id')
          if (response.status === 202) await saw({ at: Date.now(), do: 'accepted', entryId, saving })
        }
        await Promise.all(
          Array.from(sessions.values(), async (each) => {
            for (const saving of each) await saveOne(saving)
          }),
        )
      }, savings),
    /** Sends what can be sent; resolves with what waits, and with the numbers of the dead letters, by session. */
    drain: () =>
      page.evaluate(async () => {
        const { outbox } = window.e2e.keeper ?? {}
        await outbox?.flush()
        const entries = (await outbox?.list()) ?? []
        const dead: { session: string; number: string | undefined; why: string }[] = []
        for (const { id, url, state, code, preview } of entries) {
          if (state !== 'dead') continue
          const body = await outbox?.body(id)
          const { id: number } = body ? (JSON.parse(await body.text()) as { id: string }) : {}
          dead.push({ session: url.split('/').at(-2) ?? '', number, why: `${code}: ${preview ?? ''}` })
        }
        return { waiting: entries.length - dead.length, dead }
      }),
    /** True if all statuses of the sent messages have arrived: statuses travel separately from calls. */
    settled: () => page.evaluate(() => window.e2e.keeper?.getSnapshot().outbox.queued === 0),
    /** The statuses so far. */
    told: (name: string) =>
      page.evaluate((name) => window.e2e.statuses.filter(({ status }) => status === name).length, name),
  }
}

export type SavingApp = Awaited<ReturnType<typeof openSavingApp>>
